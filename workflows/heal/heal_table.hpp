// The life of a heal as arrows: which entry is legal in which phase and where it leads. Checked at compile time;
// `ledger verify`, the machine itself and the drawings read this one table.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

struct Arrow {
  Phase from;
  std::string_view entry;  // without "heal."
  Phase to;
};

// clang-format off
inline constexpr std::array heal_arrows = {
  Arrow{Phase::none,       "triggered",              Phase::triggered},
  Arrow{Phase::triggered,  "trigger_joined",         Phase::triggered},
  Arrow{Phase::triggered,  "resumed",                Phase::triggered},
  Arrow{Phase::triggered,  "cancel_requested",       Phase::triggered},
  Arrow{Phase::triggered,  "repair_started",         Phase::repairing},
  Arrow{Phase::triggered,  "exhausted",              Phase::exhausted},

  Arrow{Phase::repairing,  "trigger_joined",         Phase::repairing},
  Arrow{Phase::repairing,  "resumed",                Phase::repairing},
  Arrow{Phase::repairing,  "cancel_requested",       Phase::repairing},
  Arrow{Phase::repairing,  "plan_recorded",          Phase::repairing},
  Arrow{Phase::repairing,  "plan_certified",         Phase::repairing},
  Arrow{Phase::repairing,  "plan_refused",           Phase::repairing},
  Arrow{Phase::repairing,  "change_intended",        Phase::repairing},
  Arrow{Phase::repairing,  "change_applied",         Phase::repairing},
  Arrow{Phase::repairing,  "repair_finished",        Phase::repairing},
  Arrow{Phase::repairing,  "repair_failed",          Phase::repairing},
  Arrow{Phase::repairing,  "rollback_started",       Phase::repairing},
  Arrow{Phase::repairing,  "undo_intended",          Phase::repairing},
  Arrow{Phase::repairing,  "undo_applied",           Phase::repairing},
  Arrow{Phase::repairing,  "rolled_back",            Phase::repairing},
  Arrow{Phase::repairing,  "certification_started",  Phase::certifying},
  Arrow{Phase::repairing,  "retry_scheduled",        Phase::retrying},
  Arrow{Phase::repairing,  "exhausted",              Phase::exhausted},

  Arrow{Phase::certifying, "trigger_joined",         Phase::certifying},
  Arrow{Phase::certifying, "resumed",                Phase::certifying},
  Arrow{Phase::certifying, "cancel_requested",       Phase::certifying},
  Arrow{Phase::certifying, "certified",              Phase::certifying},
  Arrow{Phase::certifying, "certification_refused",  Phase::certifying},
  Arrow{Phase::certifying, "rollback_started",       Phase::certifying},
  Arrow{Phase::certifying, "undo_intended",          Phase::certifying},
  Arrow{Phase::certifying, "undo_applied",           Phase::certifying},
  Arrow{Phase::certifying, "rolled_back",            Phase::certifying},
  Arrow{Phase::certifying, "completed",              Phase::complete},
  Arrow{Phase::certifying, "retry_scheduled",        Phase::retrying},
  Arrow{Phase::certifying, "exhausted",              Phase::exhausted},

  Arrow{Phase::retrying,   "trigger_joined",         Phase::retrying},
  Arrow{Phase::retrying,   "resumed",                Phase::retrying},
  Arrow{Phase::retrying,   "cancel_requested",       Phase::retrying},
  Arrow{Phase::retrying,   "repair_started",         Phase::repairing},
  Arrow{Phase::retrying,   "exhausted",              Phase::exhausted},

  // Displaced files that stay beside their targets are named once it has ended.
  Arrow{Phase::complete,   "images_kept",            Phase::complete},
  Arrow{Phase::exhausted,  "images_kept",            Phase::exhausted},

  // A heal that ended with its rollback incomplete may be asked to roll back once more; it stays Exhausted.
  Arrow{Phase::exhausted,  "rollback_started",       Phase::exhausted},
  Arrow{Phase::exhausted,  "undo_intended",          Phase::exhausted},
  Arrow{Phase::exhausted,  "undo_applied",           Phase::exhausted},
  Arrow{Phase::exhausted,  "rolled_back",            Phase::exhausted},
};
// clang-format on

// Where an entry leads; empty: not legal in this phase. `entry_type` with or without "heal.".
[[nodiscard]] constexpr std::optional<Phase> phase_after(Phase from, std::string_view entry_type) {
  constexpr std::string_view family = "heal.";
  if (entry_type.starts_with(family)) entry_type.remove_prefix(family.size());
  for (const Arrow& arrow : heal_arrows) {
    if (arrow.from == from && arrow.entry == entry_type) return arrow.to;
  }
  return std::nullopt;
}

namespace table_check {
constexpr bool no_pair_twice() {
  for (std::size_t a = 0; a < heal_arrows.size(); ++a) {
    for (std::size_t b = a + 1; b < heal_arrows.size(); ++b) {
      if (heal_arrows[a].from == heal_arrows[b].from && heal_arrows[a].entry == heal_arrows[b].entry) return false;
    }
  }
  return true;
}
constexpr bool reachable(Phase phase) {
  for (const Arrow& arrow : heal_arrows) {
    if (arrow.to == phase && arrow.from != phase) return true;
  }
  return false;
}
constexpr bool ends_have_no_way_out() {
  for (const Arrow& arrow : heal_arrows) {
    if ((arrow.from == Phase::complete || arrow.from == Phase::exhausted) && arrow.to != arrow.from) return false;
  }
  return true;
}
static_assert(no_pair_twice());
static_assert(reachable(Phase::triggered) && reachable(Phase::repairing) && reachable(Phase::certifying) &&
              reachable(Phase::retrying) && reachable(Phase::complete) && reachable(Phase::exhausted));
static_assert(ends_have_no_way_out());
}  // namespace table_check

}  // namespace autoheal::workflows
