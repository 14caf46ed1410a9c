#include "autoheal/replay/record/recorded_heal.hpp"

#include <fmt/core.h>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::replay {

Result<std::string_view> RecordedHeal::data(std::size_t index, std::string& from_vault) const {
  return engine::lengthen(blobs_, entries_[index].data, from_vault);
}

Result<workflows::HealEntry> decoded(const engine::NewEntry& entry, const engine::BlobStore& blobs) {
  std::string from_vault;
  const auto text = engine::lengthen(blobs, entry.data, from_vault);
  AUTOHEAL_TRY(text);
  return workflows::Heal::decode(entry.type, entry.dataversion, *text);
}

Result<const workflows::HealEntry*> RecordedHeal::decoded(std::size_t index) {
  if (decoded_ && decoded_index_ == index) return &*decoded_;
  const engine::Entry& entry = entries_[index];
  auto read = replay::decoded(entry, blobs_);
  if (!read) {
    Error error = std::move(read.error());
    error.message = fmt::format("entry {}: {}", entry.position.value, error.message);
    return std::unexpected(std::move(error));
  }
  decoded_ = std::move(*read);
  decoded_index_ = index;
  return &*decoded_;
}

}  // namespace autoheal::replay
