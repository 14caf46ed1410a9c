// Plans what brings back the state of a system: databases and folders from their snapshots.
#pragma once

#include "autoheal/workflows/plan/planning_input.hpp"

namespace autoheal::workflows {

// Appends the changes. A database that is sound keeps its page size and is restored in place; anything else is swapped,
// with what SQLite keeps beside it. In the first of several attempts state is left alone if it is sound and only the
// service is dead. invalid: no snapshot can serve.
[[nodiscard]] Result<void> add_state_changes(const PlanningInput& input, Plan& plan);

}  // namespace autoheal::workflows
