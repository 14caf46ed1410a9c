// The public half of a key and its text, `<name>+<8 hex>+<base64>`: what an auditor holds to check a ledger with
// (C2SP signed-note). Ed25519 (RFC 8032) in two roles: over a note's text, or as a witness's dated cosignature.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

enum class KeyType : std::uint8_t { ed25519 = 0x01, cosignature = 0x04 };
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// A value; thread-safe.
class VerifierKey {
 public:
  // invalid: `name` is no key name (canonical_text.hpp).
  [[nodiscard]] static Result<VerifierKey> of(std::string name, KeyType type, const PublicKey& key);
  // One line without its newline. invalid: another spelling, an id that is not this key's, an unknown type.
  [[nodiscard]] static Result<VerifierKey> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] KeyType type() const { return type_; }
  // Whether the key made `signature` over exactly these bytes, whatever its type says they must be.
  [[nodiscard]] bool verifies(std::string_view message, const Signature& signature) const;

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  VerifierKey(std::string name, KeyType type, const PublicKey& key);

  std::string name_;
  KeyType type_;
  PublicKey key_;
  std::uint32_t id_;
};

// Eight lower-case hex digits, as key texts have them.
[[nodiscard]] std::string key_id_text(std::uint32_t id);

}  // namespace autoheal::store
