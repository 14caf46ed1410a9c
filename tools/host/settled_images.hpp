// What a finished heal leaves in the staging folder: each image is hashed once more, put into the vault and removed.
#pragma once

#include <string>
#include <vector>

#include "tools/host/change_site.hpp"

namespace autoheal::host {

// What had to stay, each as its path relative to the root, a colon and why: changed since it was displaced by a writer
// with an old descriptor, an edit that could not be put back, or a copy that failed. Blocks until the vault's copies
// are durable.
[[nodiscard]] std::vector<std::string> settle_images(const RootFolder& root, engine::BlobStore& blobs,
                                                     const EffectMark& heal_mark);

}  // namespace autoheal::host
