// Digests of contents read piece by piece, plain or keyed: HMAC-SHA-256 (RFC 2104) over the engine's stream digest.
#pragma once

#include <optional>
#include <string_view>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/blob_store.hpp"

namespace autoheal::store {

// Not thread-safe.
class BlobDigest {
 public:
  // `key` is used for keyed names only and at most 64 bytes long.
  BlobDigest(engine::BlobNaming naming, std::string_view key);
  void update(const char* data, std::size_t size) { inner_.update(data, size); }
  [[nodiscard]] engine::BlobName finish();  // once

 private:
  Sha256Stream inner_;
  std::optional<Sha256Stream> outer_;
};

}  // namespace autoheal::store
