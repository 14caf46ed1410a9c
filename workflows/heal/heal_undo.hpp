// What a rollback has to take back, in which order, what is left in place where it could not, and what an attempt that
// was taken back tells of the release or snapshot it chose. Pure: asked of a heal's state and of nothing else, and by
// the rules of its version.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

// What is to be undone next: everything in reverse order, but services that run on what was put back (restarted,
// reloaded or stopped ones) come last. What had no effect is left out, and so is a restart where nothing that the
// service may read was put back. Empty when nothing is left.
[[nodiscard]] std::optional<NextStep> next_undo(const HealState& state);

// Something of an attempt that its rollback could not take back.
struct LeftInPlace {
  unsigned number = 0;
  std::string message;
  bool ends_retries = false;  // another attempt would begin on it; else only the last one ends for it
};
// Of the open attempt; what ends the retries first.
[[nodiscard]] std::optional<LeftInPlace> left_in_place(const HealState& state);

// What a rollback that is over leaves for the next attempt to know: kept until an attempt that did something took all
// of its own back.
[[nodiscard]] LeftBefore left_after_rollback(const HealState& state);

// Releases and snapshots that the attempt chose, as choice_key().
struct TriedChoices {
  std::vector<std::string> did_not_help;  // were in place, and what was looked at or run with them failed
  std::vector<std::string> doubted;       // were in place, and a service did not start with them
};
[[nodiscard]] TriedChoices tried_choices(const HealState& state);

// A certification was refused only since nobody could look: that says nothing of what was certified.
[[nodiscard]] bool saw_nothing(const Evidence& evidence);

}  // namespace autoheal::workflows
