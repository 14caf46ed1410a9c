// What finished heals leave in the staging folder: each image is hashed once more, put into the vault and removed, once
// nobody has it open for writing any more.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tools/host/change_site.hpp"

namespace autoheal::host {

// One that had to stay.
struct KeptImage {
  std::string path;          // relative to the root
  std::string heal;          // its id
  std::string why;           // it stays, in words
  std::string who;           // has it open for writing: what comes is waited for; or empty
  engine::BlobName written;  // what was written to it since it was displaced, in the vault; or empty
  bool is_new = false;       // the vault did not have that before
  friend bool operator==(const KeptImage&, const KeptImage&) = default;
};

// Changed since it was displaced by a writer with an old descriptor, still open, an edit that could not be put back, or
// a copy that failed. Blocks until the vault's copies are durable.
[[nodiscard]] std::vector<KeptImage> settle_images(const RootFolder& root, engine::BlobStore& blobs,
                                                   const EffectMark& heal_mark);

// The heals of this ledger that left something below the root, by id.
[[nodiscard]] std::set<std::string> heals_with_images(const RootFolder& root, const std::string& ledger_id);
// The same as settle_images of those that have ended.
[[nodiscard]] std::vector<KeptImage> settle_images_of(const RootFolder& root, engine::BlobStore& blobs,
                                                      const std::string& ledger_id, const std::set<std::string>& ended);

}  // namespace autoheal::host
