// The repairs of configuration (strategy arie; `files` and `settings` also serve others): files from baselines, env
// values, settings, policies of mode, owner and content, links. Pure.
#pragma once

#include "autoheal/workflows/plan/plan_draft.hpp"

namespace autoheal::workflows {

// Works every declared repair into `draft`, in the contract's order. invalid: a target that cannot be what is declared.
[[nodiscard]] Result<void> repair_configuration(const PlanningInput& input, PlanDraft& draft);

}  // namespace autoheal::workflows
