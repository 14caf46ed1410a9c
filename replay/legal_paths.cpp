#include "replay/legal_paths.hpp"

#include <algorithm>
#include <array>

#include "workflows/heal_table.hpp"

namespace autoheal::replay {

namespace {

using workflows::Phase;

// What must stand before an entry in the same attempt. The table of states says where an entry may lead; this says what
// it stands on.
struct Premise {
  std::string_view entry, needs;
};
constexpr std::array premises = {
    Premise{"heal.plan_certified", "heal.plan_recorded"},
    Premise{"heal.plan_refused", "heal.plan_recorded"},
    Premise{"heal.change_intended", "heal.plan_certified"},
    Premise{"heal.change_applied", "heal.plan_certified"},
    Premise{"heal.repair_finished", "heal.plan_certified"},
    Premise{"heal.certification_started", "heal.repair_finished"},
    Premise{"heal.certified", "heal.certification_started"},
    Premise{"heal.certification_refused", "heal.certification_started"},
    Premise{"heal.undo_applied", "heal.rollback_started"},
    Premise{"heal.rolled_back", "heal.rollback_started"},
    Premise{"heal.completed", "heal.certified"},
};

}  // namespace

std::optional<std::string> LegalPaths::check(const engine::Entry& entry) {
  // A skipped heal never began: its entry stands outside any heal.
  if (!entry.type.starts_with("heal.") || entry.type == "heal.skipped") return std::nullopt;
  Path& path = paths_[entry.stream];
  const auto next = workflows::phase_after(path.phase, entry.type);
  if (!next) {
    return entry.type + " may not follow in a heal that is " + std::string(name_of(path.phase));
  }
  if (entry.type == "heal.repair_started") path.in_attempt.clear();
  for (const Premise& premise : premises) {
    if (premise.entry == entry.type && !path.in_attempt.contains(premise.needs)) {
      return entry.type + " stands here without " + std::string(premise.needs) + " before it";
    }
  }
  path.in_attempt.insert(entry.type);
  path.phase = *next;
  if (path.phase == Phase::complete) paths_.erase(entry.stream);
  return std::nullopt;
}

}  // namespace autoheal::replay
