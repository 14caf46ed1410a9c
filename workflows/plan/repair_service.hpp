// Plans acts that leave nothing to compare afterwards: an engine's commands, then services. Pure.
#pragma once

#include "autoheal/workflows/plan/planning_input.hpp"

namespace autoheal::workflows {

// A running service that can be stopped is stopped before its state is restored; true if the plan does that. Its undo
// starts the service again.
[[nodiscard]] bool stop_for_state(const PlanningInput& input, Plan& plan);

// Appends commands, services of other engines, then `service.check` and what the own service needs: start where it is
// dead or `stopped`; reload where it runs, can, and something that it reads changes, in a first attempt; else restart;
// stop and start if no restart is declared, also for a service of unknown state. Nothing if nothing else changes and
// the self-test passes.
void add_acts(const PlanningInput& input, bool stopped, Plan& plan);

}  // namespace autoheal::workflows
