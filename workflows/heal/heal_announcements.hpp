// Entries that say what is performed next and cannot be looked at afterwards. A process that ends, and does not perform
// it, leaves them out: the next one would have to take what they announce for something that may have happened.
#pragma once

#include <array>
#include <string_view>

#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

inline constexpr std::array<std::string_view, 2> heal_announcements = {"heal.change_intended", "heal.undo_intended"};

[[nodiscard]] inline bool is_announcement(const HealEntry& entry) {
  return std::holds_alternative<ChangeIntended>(entry) || std::holds_alternative<UndoIntended>(entry);
}

}  // namespace autoheal::workflows
