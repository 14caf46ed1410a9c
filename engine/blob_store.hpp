// Contents that do not belong into entries: baselines, before-images, configurations, large data. Named by what they
// hold, so a name in an entry pins the content for ever.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::engine {

// "sha256:<64 hex>", or "hmac-sha256:<64 hex>" under the store's own key for contents whose plain digest would confirm
// a guess (env files, secrets).
using BlobName = std::string;

enum class BlobNaming { plain, keyed };

// Thread-safe.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // The name that put() would give; nothing is stored.
  [[nodiscard]] virtual BlobName name_of(std::string_view content, BlobNaming naming) const = 0;
  // Durable when it returns; storing the same content again is free. invalid: larger than the store's limit.
  [[nodiscard]] virtual Result<BlobName> put(std::string_view content, BlobNaming naming) = 0;
  // not_found, or corrupt if the content no longer matches its name.
  [[nodiscard]] virtual Result<std::string> get(const BlobName& name) const = 0;
};

}  // namespace autoheal::engine
