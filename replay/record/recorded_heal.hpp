// The entries of one heal as the ledger holds them, read as they are needed: a heal of a hundred thousand entries is
// decoded one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::replay {

// Decodes an entry of a heal. not_found, corrupt, invalid: it cannot be read.
[[nodiscard]] Result<workflows::HealEntry> decoded(const engine::NewEntry& entry, const engine::BlobStore& blobs);

// One thread. `blobs` outlives it.
class RecordedHeal {
 public:
  RecordedHeal(std::vector<engine::Entry> entries, const engine::BlobStore& blobs)
      : entries_(std::move(entries)), blobs_(blobs) {}

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const engine::Entry& entry(std::size_t index) const { return entries_[index]; }
  // Its data in full; a view of the entry, or of `from_vault`, into which it is read where the vault keeps it.
  [[nodiscard]] Result<std::string_view> data(std::size_t index, std::string& from_vault) const;
  // The decoded entry; valid until the next call. The message of an error names the entry.
  [[nodiscard]] Result<const workflows::HealEntry*> decoded(std::size_t index);
  // The same where that costs nothing; nullptr if it must be read first.
  [[nodiscard]] const workflows::HealEntry* decoded_already(std::size_t index) const {
    return decoded_ && decoded_index_ == index ? &*decoded_ : nullptr;
  }

 private:
  std::vector<engine::Entry> entries_;
  const engine::BlobStore& blobs_;
  std::size_t decoded_index_ = 0;
  std::optional<workflows::HealEntry> decoded_;
};

}  // namespace autoheal::replay
