// Reads the outcomes of a heal's effects, for the machine that decides on them.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_messages.hpp"

namespace autoheal::workflows {

[[nodiscard]] bool succeeded(const ChangeOutcome& outcome);
// The cause that an entry names.
[[nodiscard]] std::string cause_of(const ChangeOutcome& outcome);
// Whether the input is the outcome of the running effect; after it, none runs.
[[nodiscard]] bool is_outcome(const HealInput& input);
[[nodiscard]] std::vector<ChangeOutcome> outcomes_in(const HealInput& input);
// The outcome of an act that a restart interrupted.
[[nodiscard]] ChangeOutcome unknown_outcome(unsigned number);
// "in place are changes 1, 2"
[[nodiscard]] std::string what_was_changed(const Attempt& attempt);

}  // namespace autoheal::workflows
