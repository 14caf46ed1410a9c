// Sets mode, owner and access list of one target on the inode itself: open descriptors, other names and the content
// stay as they are. It takes several system calls, so each step grants no more than both the old and the new rights;
// the remains of a crash are recognised property by property, and finished or taken back.
#pragma once

#include "tools/host/change/change_site.hpp"

namespace autoheal::host {

// `change` must be one that is_in_place(). Blocks until the change is durable; what fails half way is taken back.
// `left` carries the facts as left; its digest only where nobody wrote meanwhile. changed: another inode, or rights
// that neither the plan nor a step of it explains; refused: another name of the file may be anybody's. Steps reported
// to the hook: "noted", "narrowed", "owned", "listed", "capable", "set", "synced". Throws only what the hook throws.
struct InPlaceChange {
  workflows::ChangeStatus status = workflows::ChangeStatus::done;
  TargetFacts left;
};
[[nodiscard]] Result<InPlaceChange> change_in_place(ChangeSite& site);

// Puts back what the change replaced, by the same steps. `outcome` is what was reported, or null if a crash
// swallowed it. changed: somebody else changed it since. Where nothing of ours is in place, nothing is to be undone.
[[nodiscard]] Result<workflows::UndoStatus> restore_in_place(ChangeSite& site, const workflows::ChangeOutcome* outcome);

}  // namespace autoheal::host
