#include "autoheal/engine/base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "autoheal/engine/base/check.hpp"

namespace autoheal {

namespace {

// Keeps OpenSSL from reading the machine's settings, no matter which code uses it first: a FIFO in the place of
// openssl.cnf would block, and a provider section can take the digests away. A static object might be constructed after
// those of other files.
[[gnu::constructor(101)]] void ignore_openssl_settings() { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr); }

// Fetched once: a fetch per call costs more than the hash, and takes a lock.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  AUTOHEAL_CHECK(fetched != nullptr);
  return fetched;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void begin(EVP_MD_CTX* context) { AUTOHEAL_CHECK(EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1); }

Sha256 end(EVP_MD_CTX* context) {
  Sha256 digest;
  AUTOHEAL_CHECK(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace

Sha256 sha256(std::string_view content) {
  thread_local const ContextPtr context(EVP_MD_CTX_new());
  begin(context.get());
  AUTOHEAL_CHECK(EVP_DigestUpdate(context.get(), content.data(), content.size()) == 1);
  return end(context.get());
}

Sha256 hmac_sha256(std::string_view key, std::string_view content) {
  Sha256 digest;
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
  AUTOHEAL_CHECK(HMAC(algorithm(), key.data(), static_cast<int>(key.size()), bytes, content.size(), digest.data(),
                      &size) != nullptr);
  return digest;
}

std::string to_hex(const Sha256& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(digest.size() * 2);
  for (const std::uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string sha256_name(std::string_view content) { return "sha256:" + to_hex(sha256(content)); }

struct Sha256Stream::Context {
  ContextPtr evp{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) { begin(context_->evp.get()); }
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(const void* data, std::size_t size) {
  AUTOHEAL_CHECK(EVP_DigestUpdate(context_->evp.get(), data, size) == 1);
}

Sha256 Sha256Stream::finish() { return end(context_->evp.get()); }

}  // namespace autoheal
