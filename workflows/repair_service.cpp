#include "workflows/repair_service.hpp"

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

}  // namespace

void add_acts(const PlanningInput& input, Plan& plan) {
  for (const CommandRepair& command : input.spec.repair.commands) plan.acts.push_back(act_of(command));
  const auto& service = input.spec.repair.service;
  if (!service) return;
  if (plan.empty() && input.observation.service_running && input.observation.self_test_passes) return;
  auto act = input.observation.service_running ? running_again(*service) : started(*service);
  if (!act) return;
  if (service->check) plan.acts.push_back(service_act(ActKind::service_check, *service->check));
  plan.acts.push_back(std::move(*act));
}

}  // namespace autoheal::workflows
