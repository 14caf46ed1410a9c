// Plans what a deployment needs: a link back to an older whole release, a build, a word to the platform.
#pragma once

#include "autoheal/workflows/plan/plan_draft.hpp"

namespace autoheal::workflows {

// The links to releases; invalid: no release within reach is whole, or all were refused in this heal.
[[nodiscard]] Result<void> repair_releases(const PlanningInput& input, PlanDraft& draft);

// Builds come right after `releases_changed` changes of the plan. invalid: an output that no rollback could bring back.
[[nodiscard]] Result<void> add_builds(const PlanningInput& input, std::size_t releases_changed, Plan& plan);

void add_platform_acts(const PlanningInput& input, Plan& plan);

}  // namespace autoheal::workflows
