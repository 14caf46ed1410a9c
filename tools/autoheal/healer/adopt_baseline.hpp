// The candidates for an engine's baseline: its files and baselines as they are right now.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/plan/certification.hpp"
#include "tools/autoheal/output/table.hpp"

namespace autoheal::cli {

// Blocks: it hashes.
[[nodiscard]] Result<workflows::AdoptedBaseline> baseline_as_it_is(workflows::Host& host,
                                                                   const workflows::EngineSpec& spec);

[[nodiscard]] Table table_of(const workflows::AdoptedBaseline& baseline);

}  // namespace autoheal::cli
