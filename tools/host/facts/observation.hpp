// Reads, once, everything a strategy asked for: facts of targets, contents that will be edited, secrets, owners.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

// Contents and secrets are in the vault when it returns. Fails with the path that could not be looked at; a message
// never holds a content.
[[nodiscard]] Result<workflows::Observation> observe_targets(const RootFolder& root, const workflows::EngineSpec& spec,
                                                             const workflows::ObserveRequest& request,
                                                             engine::BlobStore& blobs, const OwnFiles& own);

}  // namespace autoheal::host
