// What cannot be looked at afterwards: an engine's commands, then its service. Pure.
#pragma once

#include "workflows/strategy.hpp"

namespace autoheal::workflows {

// Appends commands, `service.check` and what the service needs: reload where it runs and can, else restart; start where
// it is dead; nothing where nothing else changes and the self-test passes.
void add_acts(const PlanningInput& input, Plan& plan);

}  // namespace autoheal::workflows
