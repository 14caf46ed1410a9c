// Clears the staging folder after finished heals: each image is hashed once more, put into the vault and removed, once
// nobody has it open for writing any more.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "tools/host/change/change_site.hpp"

namespace autoheal::host {

// One that had to stay.
struct KeptImage {
  std::string path;          // relative to the root
  std::string why;           // it stays, in words: who has it open, or what was written to it, by its name in the vault
  std::string who;           // has it open for writing: what comes is waited for; or empty
  engine::BlobName written;  // what was written to it since it was displaced, in the vault; or empty
  unsigned start = 0;        // of the heal's attempts
  unsigned number = 0;       // of the change within that attempt's plan
  friend bool operator==(const KeptImage&, const KeptImage&) = default;
};

// Changed since it was displaced by a writer with an old descriptor, still open, an edit that could not be put back, or
// a copy that failed. Blocks until the vault's copies are durable.
[[nodiscard]] std::vector<KeptImage> settle_images(const RootFolder& root, engine::BlobStore& blobs,
                                                   const EffectMark& heal_mark);

// The heals of this ledger that left something below the root, by id.
[[nodiscard]] std::set<std::string> heals_with_images(const RootFolder& root, const std::string& ledger_id);

// "PATH: displaced from TARGET; WHY". `changes` are those of the plan of that start.
[[nodiscard]] std::string text_of(const KeptImage& kept, unsigned start, std::span<const Change> changes);
// Whether such a text says that the file stays because somebody has it open for writing.
[[nodiscard]] bool waits_for_a_writer(const std::string& kept);
// Such a text without the names of those who have it open: programs come and go.
[[nodiscard]] std::string without_names(const std::string& kept);

}  // namespace autoheal::host
