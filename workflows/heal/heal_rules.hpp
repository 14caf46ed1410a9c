// Rules for the next entry of a heal, beyond the table of phases: its attempt, its plan and the changes it names. One
// predicate for both sides: the machine ends the process before it writes an entry that breaks a rule, and a stream
// that holds one is set aside before anything is decided on it.
#pragma once

#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

// Why no heal of ours would follow `state` with `entry`; null: it fits. Pure; the texts are static.
[[nodiscard]] const char* violation_of(const HealState& state, const HealEntry& entry);

// Everything that an attempt without a certificate changed was put back, or is named as what could not be: only then
// may the next one begin, or the heal end.
[[nodiscard]] bool nothing_is_left_to_undo(const HealState& state);

}  // namespace autoheal::workflows
