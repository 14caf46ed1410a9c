// Takes snapshots of a state that is right now, for the day when it is not: canonical copies of databases, copies of
// folders, each named by when it was taken and what it holds, the oldest removed. In two steps, with a test of the
// engine between them: what was copied while it broke never takes the place of a good one.
#pragma once

#include "tools/host/facts/state_facts.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// A copy in `state.snapshot` (made if it is not there, 0700, and what is above it), checked and durable when it
// returns. It waits there under the name of no snapshot, and any that waited before it is removed. corrupt: the
// database is damaged; busy: others have it locked for `state.timeout`; not_found: the state is not there.
[[nodiscard]] Result<void> copy_snapshot(const RootFolder& root, const workflows::StateRepair& state,
                                         const StateTools& tools, Timestamp now);

// The waiting copy becomes a snapshot, and no more than `state.keep` of them stay. Where the newest one holds the same,
// that one counts as taken now. Nothing happens where no copy waits.
[[nodiscard]] Result<void> keep_snapshot(const workflows::StateRepair& state);

}  // namespace autoheal::host
