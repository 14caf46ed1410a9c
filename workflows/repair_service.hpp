// What cannot be looked at afterwards: an engine's commands, then services. Pure.
#pragma once

#include "workflows/strategy.hpp"

namespace autoheal::workflows {

// A running service that can be stopped is stopped before its state is restored; true if the plan does that. Its undo
// starts the service again.
[[nodiscard]] bool stop_for_state(const PlanningInput& input, Plan& plan);

// Appends commands, services of other engines, then `service.check` and what the own service needs: reload where it
// runs and can, else restart; start where it is dead or `stopped`; nothing where nothing else changes and the self-test
// passes.
void add_acts(const PlanningInput& input, bool stopped, Plan& plan);

}  // namespace autoheal::workflows
