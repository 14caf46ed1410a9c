// Puts back what one change replaced, by the same exchange, as long as the target still is what the change left;
// anything else is somebody's edit and stays. Safe to repeat after a crash at any point.
#pragma once

#include "tools/host/change/change_site.hpp"

namespace autoheal::host {

// `outcome` is what apply reported, or null if a crash swallowed it. The before-image comes from the staging folder,
// from the vault once it was settled. Steps reported to the hook: "displaced", "restored". Throws only what the hook
// throws.
[[nodiscard]] workflows::UndoOutcome restore_change(const RootFolder& root, const StagingTools& tools,
                                                    const workflows::Change& change,
                                                    const workflows::ChangeOutcome* outcome, unsigned number,
                                                    const EffectMark& mark);

}  // namespace autoheal::host
