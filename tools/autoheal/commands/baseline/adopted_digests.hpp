// Digests that were adopted for an engine, as `baseline show` and `baseline diff` read them.
#pragma once

#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// not_found: nothing was adopted.
[[nodiscard]] Result<workflows::Adopted> adopted_of(const Session& session, const workflows::EngineSpec& spec);

}  // namespace autoheal::cli
