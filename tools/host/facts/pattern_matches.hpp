// Files below a root that match a pattern: modules to hash, outputs of a build.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

// Adds every path that matches, folders left out.
[[nodiscard]] Result<void> add_matches(const RootFolder& root, const std::string& pattern, const OwnFiles& own,
                                       std::set<std::string>& paths);

// Facts of what a build's patterns match, and of the folders that hold it or could hold it, in order of path; a path
// without a pattern that is not there, or a folder above one, is absent. Where `keep_in` is given, contents go there.
[[nodiscard]] Result<std::vector<TargetFacts>> look_at_outputs(const RootFolder& root,
                                                               const workflows::EngineSpec& spec,
                                                               const std::vector<std::string>& patterns,
                                                               const engine::BlobStore& names,
                                                               engine::BlobStore* keep_in, const OwnFiles& own);

}  // namespace autoheal::host
