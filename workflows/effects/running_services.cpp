#include "autoheal/workflows/effects/running_services.hpp"

namespace autoheal::workflows {

namespace {

// Whether it counts as running; its state is noted where it is known.
bool runs(Host& host, const EngineSpec& owner, const ServiceRepair& service, ServiceState& known) {
  known = host.service_status(owner, service).state;
  return !is_dead(known);
}

void note(Observation& observation, const std::string& engine, ServiceState state) {
  if (state != ServiceState::unknown) observation.services[engine] = state;
}

// It ended by itself and said no: it did not bring up what it was asked for. Who was killed or timed out may have.
bool refused_itself(const ChangeOutcome& outcome) {
  constexpr int first_of_signals = 128;
  return outcome.status == ChangeStatus::failed && outcome.exit_code > 0 && outcome.exit_code < first_of_signals;
}

}  // namespace

std::string held_back_service(Host& host, const EngineSpec& spec) {
  if (spec.repair.service && !spec.repair.service->unit.empty()) {
    if (std::string why = host.service_status(spec, *spec.repair.service).held_back; !why.empty()) return why;
  }
  for (const ServiceOfEngine& other : spec.repair.services) {
    if (other.service.unit.empty()) continue;
    EngineSpec owner;
    owner.root = other.root;
    if (std::string why = host.service_status(owner, other.service).held_back; !why.empty()) return why;
  }
  return {};
}

std::optional<bool> service_runs(Host& host, const EngineSpec& spec, const std::string& engine) {
  const auto known = [&host](const EngineSpec& owner, const ServiceRepair& service) -> std::optional<bool> {
    const ServiceState state = host.service_status(owner, service).state;
    return state == ServiceState::unknown ? std::nullopt : std::optional(!is_dead(state));
  };
  if (engine.empty()) return spec.repair.service ? known(spec, *spec.repair.service) : std::nullopt;
  for (const ServiceOfEngine& other : spec.repair.services) {
    if (other.engine != engine) continue;
    EngineSpec owner;
    owner.root = other.root;
    return known(owner, other.service);
  }
  return std::nullopt;
}

void judge_service_undo(const Act& act, const ChangeOutcome& outcome, std::optional<bool> runs, UndoOutcome& undone) {
  const auto is = [&undone](UndoStatus status, const char* why) {
    undone.status = status;
    undone.message += why;
  };
  switch (act.kind) {
    case ActKind::service_start:
      if (runs == false) return is(UndoStatus::undone, "; but it does not run");
      if (!runs && refused_itself(outcome)) return is(UndoStatus::irreversible, "; its start had failed, too");
      undone.message += runs ? "; it still runs" : "; it may still run";
      return;
    case ActKind::service_stop:
      if (runs == true) return is(UndoStatus::undone, "; but it runs");
      return is(UndoStatus::irreversible, "; it was stopped and could not be started again");
    case ActKind::service_restart:
    case ActKind::service_reload:
      if (runs == false) return is(UndoStatus::irreversible, "; it does not run any more");
      if (refused_itself(outcome))
        return is(UndoStatus::irreversible, "; it had refused before, so nothing runs with what was put back");
      undone.message += "; it may still run with what was put back";
      return;
    default:
      return;
  }
}

void observe_services(Host& host, const EngineSpec& spec, Observation& observation) {
  ServiceState state = ServiceState::unknown;
  if (spec.repair.service) {
    observation.service_running = runs(host, spec, *spec.repair.service, state);
    note(observation, spec.name, state);
  }
  for (const ServiceOfEngine& other : spec.repair.services) {
    EngineSpec owner;
    owner.root = other.root;
    if (runs(host, owner, other.service, state)) observation.running.push_back(other.engine);
    note(observation, other.engine, state);
  }
}

}  // namespace autoheal::workflows
