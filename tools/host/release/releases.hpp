// Facts for a strategy about a deployment's releases: which exist, and which of those within reach are complete.
#pragma once

#include "autoheal/workflows/plan/observation.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

[[nodiscard]] workflows::ReleaseFacts look_at_release(const RootFolder& root, const workflows::ReleaseRepair& repair,
                                                      const std::string& name, const OwnFiles& own);

// Verifies the candidates of this attempt until as many are whole as it may need. A folder of releases that is not
// there has none.
[[nodiscard]] Result<workflows::ReleasesFacts> look_at_releases(const RootFolder& root,
                                                                const workflows::ReleaseRepair& repair,
                                                                unsigned attempt, const OwnFiles& own);

}  // namespace autoheal::host
