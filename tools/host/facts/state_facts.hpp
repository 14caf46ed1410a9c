// State as a strategy sees it: a database by what it holds, a folder by its tree, and the snapshots either could be
// restored from. The content of a sound database is kept before anybody changes it.
#pragma once

#include "tools/host/facts/database_client.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/system/own_files.hpp"

namespace autoheal::host {

struct StateTools {
  engine::BlobStore& blobs;
  const DatabaseClient& databases;
  const OwnFiles& own;
  workflows::EffectMark mark;  // of children; empty: none
};

// Adds facts of the target (for a database that is not to be restored in place: of the files beside it, too) and of the
// snapshots within reach of the attempt. busy: somebody keeps the database locked for longer than the state's timeout.
[[nodiscard]] Result<void> observe_state(const RootFolder& root, const workflows::StateRepair& state, unsigned attempt,
                                         const StateTools& tools, workflows::Observation& observation);

// A sound database is one; anything else is observed as it is, a folder with its tree.
[[nodiscard]] Result<TargetFacts> look_at_state(const RootFolder& root, const std::string& path,
                                                const StateTools& tools);

}  // namespace autoheal::host
