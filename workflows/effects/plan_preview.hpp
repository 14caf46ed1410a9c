// Previews a heal: observation, plan and preflight, with nothing touched and nothing recorded. For `heal --dry-run` and
// for engines that are only observed.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/plan/certification.hpp"

namespace autoheal::workflows {

struct PlanPreview {
  Plan plan;
  std::vector<Refusal> refusals;  // empty: the plan would be certified
};

// `blobs` holds the contents of the engine's baselines. Blocks; thread-safe.
[[nodiscard]] Result<PlanPreview> preview_plan(Host& host, engine::BlobStore& blobs, const EngineSpec& spec,
                                               const std::optional<AdoptedBaseline>& adopted, bool may_change,
                                               const EffectMark& mark);

// {"certified":...,"plan":{...},"refusals":[...]}
[[nodiscard]] std::string to_json(const PlanPreview& preview);
// The same where no plan could be made: {"certified":false,"problem":"..."}
[[nodiscard]] std::string no_preview(const std::string& problem);

}  // namespace autoheal::workflows
