#include "autoheal/store/vault/keyed_digest.hpp"

#include <array>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t block_bytes = 64;  // of SHA-256

void begin(Sha256Stream& stream, std::string_view key, std::uint8_t pad) {
  std::array<std::uint8_t, block_bytes> block;
  block.fill(pad);
  for (std::size_t at = 0; at < key.size(); ++at) block[at] = static_cast<std::uint8_t>(key[at]) ^ pad;
  stream.update(block.data(), block.size());
}

}  // namespace

BlobDigest::BlobDigest(engine::BlobNaming naming, std::string_view key) {
  if (naming == engine::BlobNaming::plain) return;
  AUTOHEAL_CHECK(key.size() <= block_bytes);
  begin(inner_, key, 0x36);
  begin(outer_.emplace(), key, 0x5c);
}

engine::BlobName BlobDigest::finish() {
  const Sha256 digest = inner_.finish();
  if (!outer_) return "sha256:" + to_hex(digest);
  outer_->update(digest.data(), digest.size());
  return "hmac-sha256:" + to_hex(outer_->finish());
}

}  // namespace autoheal::store
