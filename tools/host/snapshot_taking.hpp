// Takes snapshots of a state that is right now, for the day when it is not: canonical copies of databases, copies of
// folders, each named by when it was taken and what it holds, the oldest removed.
#pragma once

#include "tools/host/root_folder.hpp"
#include "tools/host/state_facts.hpp"

namespace autoheal::host {

// One more snapshot in `state.snapshot` (made if it is not there, 0700, and what is above it), checked and durable when
// it returns, and no more than `state.keep` of them. Where the newest one holds the same, that one counts as taken now.
// corrupt: the database is damaged; busy: others have it locked for `state.timeout`; not_found: the state is not there.
[[nodiscard]] Result<void> take_snapshot(const RootFolder& root, const workflows::StateRepair& state,
                                         const StateTools& tools, Timestamp now);

}  // namespace autoheal::host
