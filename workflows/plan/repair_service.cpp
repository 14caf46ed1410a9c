#include "autoheal/workflows/plan/repair_service.hpp"

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

std::optional<Act> restarted(const ServiceRepair& service) {
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

// Whether the plan so far changes something that a service may read anew while it runs. State is not: who has a
// database open does not look for another one. A build and a command may.
bool changes_what_is_read(const Plan& plan) {
  const auto is_read = [](const Change& one) { return one.kind != ChangeKind::state; };
  const auto may_be_read = [](const Act& one) { return one.kind == ActKind::build || one.kind == ActKind::command; };
  return std::ranges::any_of(plan.changes, is_read) || std::ranges::any_of(plan.acts, may_be_read);
}

struct Wanted {
  const PlanningInput& input;
  bool reads_anew = false;

  // `runs`: it counts as running. A service that hangs does not recover by a reload, and a reload that did not help is
  // not tried twice.
  std::optional<Act> act_for(const ServiceRepair& service, const std::string& engine, bool runs) const {
    if (!runs) return started(service);
    const auto known = input.observation.services.find(engine);
    const bool is_known_to_run = known != input.observation.services.end() && known->second == ServiceState::running;
    const bool helps = input.by_rules_before_states || (reads_anew && is_known_to_run && input.attempt == 1);
    return service.reload && helps ? service_act(ActKind::service_reload, *service.reload) : restarted(service);
  }
};

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
  const bool is_known = !service->unit.empty() || input.observation.services.contains(input.spec.name);
  stop.may_fail = !is_known && !input.by_rules_before_states;
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
  const Wanted wanted{input, changes_what_is_read(plan)};
  for (const ServiceOfEngine& other : repair.services) {
    const bool runs = std::ranges::find(observation.running, other.engine) != observation.running.end();
    add_service(other.service, wanted.act_for(other.service, other.engine, runs), other.engine, plan);
  }
  if (!repair.service) return;
  if (plan.empty() && observation.service_running && observation.self_test_passes) return;
  const bool runs = observation.service_running && !stopped;
  add_service(*repair.service, wanted.act_for(*repair.service, input.spec.name, runs), {}, plan);
}

}  // namespace autoheal::workflows
