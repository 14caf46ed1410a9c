// The next state of a heal: the fold over its entries.
#pragma once

#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

// Pure. Every entry is applied, also one that a legal path would not have: legality is checked elsewhere
// (heal_machine.hpp), so that a ledger can be shown as it is.
[[nodiscard]] HealState apply_heal_entry(HealState state, const HealEntry& entry);

}  // namespace autoheal::workflows
