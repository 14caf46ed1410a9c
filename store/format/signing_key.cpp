#include "autoheal/store/format/signing_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

constexpr std::string_view prefix = "PRIVATE+KEY+";
constexpr std::size_t seed_bytes = 32;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Wipes what it holds.
struct Seed {
  std::array<std::uint8_t, seed_bytes> bytes{};
  Seed() = default;
  ~Seed() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;
};

std::unexpected<Error> malformed_key(const std::string& why) {
  return failure(ErrorKind::invalid, "signing key: " + why,
                 "expected one line PRIVATE+KEY+<name>+<8 hex digits>+<base64>; take the file from a backup");
}

}  // namespace

SecretText::~SecretText() { OPENSSL_cleanse(text_.data(), text_.size()); }

// A short text lives inside the string and would stay behind in `other`.
SecretText::SecretText(SecretText&& other) noexcept
    : text_(other.text_) {  // NOLINT(performance-move-constructor-init): a copy, as said above
  OPENSSL_cleanse(other.text_.data(), other.text_.size());
}

void SigningKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<SigningKey> SigningKey::of(std::string name, std::string_view seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()),
                                       seed.size()));
  AUTOHEAL_CHECK(key != nullptr);
  PublicKey public_key;
  std::size_t size = public_key.size();
  AUTOHEAL_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) == 1 && size == public_key.size());
  auto verifier = VerifierKey::of(std::move(name), KeyType::ed25519, public_key);
  AUTOHEAL_TRY(verifier);
  return SigningKey(std::move(key), std::move(*verifier));
}

Result<SigningKey> SigningKey::generate(std::string name, engine::Randomness& randomness) {
  Seed seed;
  randomness.fill(seed.bytes);
  return of(std::move(name), view_of(seed.bytes));
}

Result<SigningKey> SigningKey::parse(std::string_view text) {
  if (!text.starts_with(prefix)) return malformed_key("it does not begin as one");
  const std::string_view rest = text.substr(prefix.size());
  const std::size_t name_end = rest.find('+');
  const std::size_t id_end = name_end == std::string_view::npos ? name_end : rest.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return malformed_key("it has no five parts between + signs");
  auto bytes = from_base64(rest.substr(id_end + 1));
  const SecretText typed_seed(bytes ? std::move(*bytes) : std::string());
  if (typed_seed.view().size() != 1 + seed_bytes || typed_seed.view().front() != static_cast<char>(KeyType::ed25519)) {
    return malformed_key("its last part is not base64 of an Ed25519 key");
  }
  auto key = of(std::string(rest.substr(0, name_end)), typed_seed.view().substr(1));
  if (key && rest.substr(name_end + 1, id_end - name_end - 1) != key_id_text(key->verifier().id())) {
    return malformed_key("its id does not belong to its name and key");
  }
  return key;
}

SecretText SigningKey::text() const {
  Seed seed;
  std::size_t size = seed.bytes.size();
  AUTOHEAL_CHECK(EVP_PKEY_get_raw_private_key(key_.get(), seed.bytes.data(), &size) == 1 && size == seed.bytes.size());
  std::string bytes;
  bytes.reserve(1 + seed_bytes);
  bytes += static_cast<char>(KeyType::ed25519);
  bytes += view_of(seed.bytes);
  const SecretText typed_seed(std::move(bytes));
  const SecretText spelled(to_base64(typed_seed.view()));
  std::string text;
  text.reserve(prefix.size() + verifier_.name().size() + 10 + spelled.view().size());  // a grown one leaves copies
  text.append(prefix).append(verifier_.name()).append("+").append(key_id_text(verifier_.id())).append("+");
  text.append(spelled.view());
  return SecretText(std::move(text));
}

Signature SigningKey::sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Signature signature;
  std::size_t size = signature.size();
  AUTOHEAL_CHECK(context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                 EVP_DigestSign(context.get(), signature.data(), &size,
                                reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1 &&
                 size == signature.size());
  return signature;
}

}  // namespace autoheal::store
