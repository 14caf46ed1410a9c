// The port to contents that are too large or too secret for entries: baselines, before-images, configurations, large
// data. A content is named by its digest, so a name in an entry pins the content for ever.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::engine {

// "sha256:<64 hex>", or "hmac-sha256:<64 hex>" under the store's own key for contents whose plain digest would confirm
// a guess (env files, secrets).
using BlobName = std::string;

enum class BlobNaming { plain, keyed };

// Thread-safe; put() and get() block on the disk. Errors are values, none of the operations throws for them.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // The name that put() would give. Stores nothing and does not block.
  [[nodiscard]] virtual BlobName name_of(std::string_view content, BlobNaming naming) const = 0;
  // Stores a content, durable when it returns. Storing the same content again writes nothing.
  //   invalid      the content is larger than the store's limit; nothing was stored,
  //   unavailable  the disk is full or cannot be written, or the store was opened for reading; try again later.
  [[nodiscard]] virtual Result<BlobName> put(std::string_view content, BlobNaming naming) = 0;
  // The content of that name, compared with the name before it is returned.
  //   invalid      `name` is not the name of a content,
  //   not_found    nothing of that name was stored,
  //   corrupt      the stored bytes no longer match their name, or something else is in their place,
  //   unavailable  it cannot be read now (permission, no descriptor, input or output error).
  [[nodiscard]] virtual Result<std::string> get(const BlobName& name) const = 0;
};

}  // namespace autoheal::engine
