#include "autoheal/store/format/verifier_key.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Type byte and public key, as the id hashes them and the text spells them.
std::string typed(KeyType type, const PublicKey& key) { return static_cast<char>(type) + std::string(view_of(key)); }

std::uint32_t id_of(const std::string& name, KeyType type, const PublicKey& key) {
  const Sha256 hash = sha256(name + '\n' + typed(type, key));
  return std::uint32_t{hash[0]} << 24U | std::uint32_t{hash[1]} << 16U | std::uint32_t{hash[2]} << 8U | hash[3];
}

std::unexpected<Error> malformed_verifier(const std::string& why) {
  return failure(ErrorKind::invalid, "verifier key: " + why,
                 "expected one line <name>+<8 hex digits>+<base64>, as `autoheal ledger key` prints it");
}

}  // namespace

VerifierKey::VerifierKey(std::string name, KeyType type, const PublicKey& key)
    : name_(std::move(name)), type_(type), key_(key), id_(id_of(name_, type, key)) {}

Result<VerifierKey> VerifierKey::of(std::string name, KeyType type, const PublicKey& key) {
  if (!is_key_name(name)) {
    return failure(ErrorKind::invalid,
                   "the name of a key must be 1 to 255 bytes without blanks, control characters and +",
                   "a URL without its scheme is usual, such as ledger.example/host42");
  }
  return VerifierKey(std::move(name), type, key);
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const std::size_t name_end = text.find('+');
  const std::size_t id_end = name_end == std::string_view::npos ? name_end : text.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return malformed_verifier("it has no three parts between + signs");
  const auto bytes = from_base64(text.substr(id_end + 1));
  if (!bytes || bytes->size() != 1 + sizeof(PublicKey))
    return malformed_verifier("its last part is not base64 of 33 bytes");
  const auto type = static_cast<KeyType>(bytes->front());
  if (type != KeyType::ed25519 && type != KeyType::cosignature) return malformed_verifier("its type is not known here");
  PublicKey public_key;
  std::copy(bytes->begin() + 1, bytes->end(), public_key.begin());
  auto key = of(std::string(text.substr(0, name_end)), type, public_key);
  if (key && text.substr(name_end + 1, id_end - name_end - 1) != key_id_text(key->id())) {
    return malformed_verifier("its id does not belong to its name and key");
  }
  return key;
}

std::string VerifierKey::text() const { return name_ + '+' + key_id_text(id_) + '+' + to_base64(typed(type_, key_)); }

bool VerifierKey::verifies(std::string_view message, const Signature& signature) const {
  const std::unique_ptr<EVP_PKEY, Free> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_.data(), key_.size()));
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  AUTOHEAL_CHECK(key != nullptr && context != nullptr);
  AUTOHEAL_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  const bool good = EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  ERR_clear_error();  // a signature that fails is an answer, not an error that the next reader of the queue should find
  return good;
}

std::string key_id_text(std::uint32_t id) {
  const std::array<std::uint8_t, 4> bytes = {static_cast<std::uint8_t>(id >> 24U), static_cast<std::uint8_t>(id >> 16U),
                                             static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id)};
  return bytes_to_hex(view_of(bytes));
}

}  // namespace autoheal::store
