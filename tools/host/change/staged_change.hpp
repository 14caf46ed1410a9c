// Applies one change the way that loses nobody's bytes: what keeps its content is changed in place; all else is staged,
// validated, exchanged, and the displaced inode compared with what the plan saw; if it is something else it is swapped
// back. A crash at any point leaves a state that the same
// call, made again, completes or undoes.
#pragma once

#include "tools/host/change/change_site.hpp"

namespace autoheal::host {

// Blocks until the change is durable. `done` and `found_done` carry the facts as left. Steps reported to the hook:
// "part" (written), "staged", "swapped", "verified". Throws only what the hook throws.
[[nodiscard]] workflows::ChangeOutcome apply_change(const RootFolder& root, const StagingTools& tools,
                                                    const workflows::Change& change, unsigned number,
                                                    const EffectMark& mark);

}  // namespace autoheal::host
