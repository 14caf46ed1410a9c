// `heal --dry-run`: observes, plans and asks Truth, with everything kept in memory: nothing is touched or recorded.
#pragma once

#include "autoheal/workflows/effects/plan_preview.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

// The plan that a heal would make now. failed: no plan can be made.
[[nodiscard]] Result<workflows::PlanPreview> preview_now(const Session& session, const workflows::EngineSpec& spec,
                                                         bool may_change, host::RealHost& host,
                                                         engine::BlobStore& blobs);

// Prints what a heal would do that begins with the failure `error`, which may be empty. 0: the plan would be certified;
// 1: it would be refused, or could not be made.
int dry_run(const Session& session, const workflows::EngineSpec& spec, const std::string& error);

}  // namespace autoheal::cli
