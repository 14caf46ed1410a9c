// Plans a rollback: the steps to take back and their order, the changes that have to stay, and the verdict on the
// release or snapshot that the attempt chose. Pure: depends on the heal's state alone, by the rules of its version.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

// The next step to undo: everything in reverse order, but services that use the restored targets (restarted, reloaded
// or stopped ones) come last. Acts without effect are left out, and so is a restart if nothing that the service may
// read was restored. Empty when nothing is left.
[[nodiscard]] std::optional<NextStep> next_undo(const HealState& state);

// Something of an attempt that its rollback could not take back.
struct LeftInPlace {
  unsigned number = 0;
  std::string message;
  bool ends_retries = false;  // another attempt would begin on it; else only the last one ends for it
};
// Changes of the open attempt that are left in place; the one that ends the retries comes first.
[[nodiscard]] std::optional<LeftInPlace> left_in_place(const HealState& state);

// The remains of a finished rollback, for the next attempt: kept until an attempt that changed something took all of
// its own changes back.
[[nodiscard]] LeftBefore left_after_rollback(const HealState& state);

// Releases and snapshots that the attempt chose, as choice_key().
struct TriedChoices {
  std::vector<std::string> did_not_help;  // were in place, and what was looked at or run with them failed
  std::vector<std::string> doubted;       // were in place, and a service did not start with them
};
[[nodiscard]] TriedChoices tried_choices(const HealState& state);

// A certification was refused only because an observation was impossible: that says nothing about the repair.
[[nodiscard]] bool saw_nothing(const Evidence& evidence);

}  // namespace autoheal::workflows
