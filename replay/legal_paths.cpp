#include "replay/legal_paths.hpp"

#include "workflows/heal_table.hpp"

namespace autoheal::replay {

using workflows::Phase;

std::optional<std::string> LegalPaths::check(const engine::Entry& entry) {
  // A skipped heal never began: its entry stands outside any heal.
  if (!entry.type.starts_with("heal.") || entry.type == "heal.skipped") return std::nullopt;
  Path& path = paths_[entry.stream];
  const auto next = workflows::phase_after(path.phase, entry.type);
  if (!next) {
    return entry.type + " may not follow in a heal that is " + std::string(name_of(path.phase));
  }
  if (entry.type == "heal.repair_started") {
    ++path.attempt;
    path.certified = false;
  }
  if (entry.type == "heal.certified") path.certified = true;
  if (entry.type == "heal.completed" && !path.certified) return "heal.completed without a certificate before it";
  path.phase = *next;
  if (path.phase == Phase::complete) paths_.erase(entry.stream);
  return std::nullopt;
}

}  // namespace autoheal::replay
