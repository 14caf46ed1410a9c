// The private half of a log's Ed25519 key (RFC 8032). It never appears in a log, an error or the database; every copy
// that is made of it is wiped from memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/ports.hpp"
#include "autoheal/store/format/verifier_key.hpp"

struct evp_pkey_st;

namespace autoheal::store {

// A text that is wiped from memory when it goes.
class SecretText {
 public:
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  ~SecretText();
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&&) = delete;
  // Lives as long as this.
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// Moves, never copies. Signing is thread-safe.
class SigningKey {
 public:
  // invalid: `name` is no key name.
  [[nodiscard]] static Result<SigningKey> generate(std::string name, engine::Randomness& randomness);
  // `PRIVATE+KEY+<name>+<8 hex>+<base64>` without a newline. invalid: another spelling or an id that does not belong
  // to it; the error says nothing of what it read.
  [[nodiscard]] static Result<SigningKey> parse(std::string_view text);
  [[nodiscard]] SecretText text() const;

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  [[nodiscard]] Signature sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;  // OpenSSL wipes what it frees
  };
  using Key = std::unique_ptr<evp_pkey_st, Free>;
  SigningKey(Key key, VerifierKey verifier) : key_(std::move(key)), verifier_(std::move(verifier)) {}
  [[nodiscard]] static Result<SigningKey> of(std::string name, std::string_view seed);

  Key key_;
  VerifierKey verifier_;
};

}  // namespace autoheal::store
