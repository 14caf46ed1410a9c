#include "workflows/repair_service.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

Act act_of(const CommandRepair& command) {
  Act act;
  act.kind = ActKind::command;
  act.run = command.run;
  act.undo = command.undo;
  act.capture = command.capture;
  act.repeatable = command.repeatable;
  return act;
}

Act service_act(ActKind kind, const ProgramRun& run) {
  Act act;
  act.kind = kind;
  act.run = run;
  act.repeatable = true;
  return act;
}

std::optional<Act> running_again(const ServiceRepair& service) {
  if (service.reload) return service_act(ActKind::service_reload, *service.reload);
  if (service.restart) return service_act(ActKind::service_restart, *service.restart);
  if (!service.start) return std::nullopt;
  Act act = service_act(ActKind::service_restart, *service.start);
  act.stop_first = service.stop;
  return act;
}

std::optional<Act> started(const ServiceRepair& service) {
  if (!service.start && !service.restart) return std::nullopt;
  Act act = service_act(ActKind::service_start, service.start ? *service.start : *service.restart);
  act.undo = service.stop;
  return act;
}

// After everything else that is planned so far.
void add_service(const ServiceRepair& service, std::optional<Act> act, const std::string& engine, Plan& plan) {
  if (!act) return;
  const auto add = [&](Act one) {
    one.after_changes = plan.changes.size();
    one.engine = engine;
    plan.acts.push_back(std::move(one));
  };
  if (service.check) add(service_act(ActKind::service_check, *service.check));
  add(std::move(*act));
}

}  // namespace

bool stop_for_state(const PlanningInput& input, Plan& plan) {
  const auto& service = input.spec.repair.service;
  const bool state = std::ranges::any_of(plan.changes, [](const Change& one) { return one.kind == ChangeKind::state; });
  if (!state || !service || !service->stop || !input.observation.service_running) return false;
  Act stop = service_act(ActKind::service_stop, *service->stop);
  stop.undo = service->start ? service->start : service->restart;
  plan.acts.push_back(std::move(stop));
  return true;
}

void add_acts(const PlanningInput& input, bool stopped, Plan& plan) {
  const RepairSpec& repair = input.spec.repair;
  const Observation& observation = input.observation;
  for (const CommandRepair& command : repair.commands) {
    plan.acts.push_back(act_of(command));
    plan.acts.back().after_changes = plan.changes.size();
  }
  for (const ServiceOfEngine& other : repair.services) {
    const bool runs = std::ranges::find(observation.running, other.engine) != observation.running.end();
    add_service(other.service, runs ? running_again(other.service) : started(other.service), other.engine, plan);
  }
  if (!repair.service) return;
  if (plan.empty() && observation.service_running && observation.self_test_passes) return;
  const bool runs = observation.service_running && !stopped;
  add_service(*repair.service, runs ? running_again(*repair.service) : started(*repair.service), {}, plan);
}

}  // namespace autoheal::workflows
