// Gives what a heal starts a unit of its own (a transient scope of systemd), so that it is none of ours: it is neither
// stopped nor counted with the daemon's unit, and systemd ends it with the machine.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace autoheal::host {

// For ChildPlan::place; empty if systemd does not run the machine, or would not be asked by us. `what` goes into the
// scope's description. Best effort: where systemd refuses, the process stays in our unit.
[[nodiscard]] std::function<void(pid_t)> in_a_scope_of_its_own(std::string what);

}  // namespace autoheal::host
