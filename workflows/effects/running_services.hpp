// The services that a plan may touch and that run now, to report one that could not be put back.
#pragma once

#include "autoheal/workflows/effects/host.hpp"

namespace autoheal::workflows {

// Fills `services`, `service_running` and `running`. A service of unknown state counts as running, because it can be
// restarted in any state.
void observe_services(Host& host, const EngineSpec& spec, Observation& observation);

// Why a manager would not start one of them, whatever is repaired before; or empty.
[[nodiscard]] std::string held_back_service(Host& host, const EngineSpec& spec);

// Whether the engine's own service runs, or the one of `engine`. Empty if it is unknown.
[[nodiscard]] std::optional<bool> service_runs(Host& host, const EngineSpec& spec, const std::string& engine);

// `undone` is the failed undo of `act` on a service: it stays so only where a process may be left that nobody certified
// (one that was started, or that still runs with what was put back). `runs` is what service_runs() returns now.
void judge_service_undo(const Act& act, const ChangeOutcome& outcome, std::optional<bool> runs, UndoOutcome& undone);

}  // namespace autoheal::workflows
