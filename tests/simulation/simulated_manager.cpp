#include "tests/simulation/simulated_manager.hpp"

namespace autoheal::simulation {

using workflows::ServiceState;
using workflows::testing::SimulatedUnit;

namespace {

std::string active_state_of(const SimulatedUnit& unit) {
  switch (unit.state) {
    case ServiceState::running:
      return "active";
    case ServiceState::reloading:
      return "reloading";
    case ServiceState::starting:
      return "activating";
    case ServiceState::stopping:
      return "deactivating";
    case ServiceState::failed:
      return "failed";
    default:
      return "inactive";
  }
}

}  // namespace

bool is_on_its_way(const SimulatedUnit& unit) {
  constexpr Duration long_pause = std::chrono::seconds(10);
  if (unit.waits_to_restart && unit.habits.restart_pause > long_pause) return false;
  return workflows::is_transitional(unit.state) || !unit.job.empty();
}

Result<host::UnitFacts> SimulatedManager::look(const std::string& name) {
  if (is_reached && !is_reached()) return failure(ErrorKind::unavailable, "the bus does not answer");
  const SimulatedUnit unit = services_.unit(name);
  host::UnitFacts facts;
  facts.load_state = unit.masked ? "masked" : "loaded";
  facts.active_state = active_state_of(unit);
  facts.sub_state = unit.waits_to_restart ? "auto-restart" : facts.active_state;
  facts.result = unit.refuses_starts ? "start-limit-hit" : "success";
  facts.type = "notify";
  facts.invocation = std::to_string(unit.run);
  facts.job = unit.job;
  facts.main_pid = unit.main_process;
  facts.restarts = unit.restarts;
  facts.start_limit = unit.habits.start_limit;
  facts.stop_limit = unit.habits.stop_limit;
  facts.restart_pause = unit.habits.restart_pause;
  return facts;
}

void SimulatedManager::reset_failed(const std::string& unit) {
  if (!keeps_failures) services_.reset_failed(unit);
}

Result<void> SimulatedManager::order(host::UnitVerb verb, const std::string& unit) {
  const std::string word(host::name_of(verb));
  if (ordered) ordered(word, services_.unit(unit));
  if (std::string refused = services_.order(unit, word); !refused.empty())
    return failure(ErrorKind::refused, std::move(refused));
  return {};
}

void SimulatedManager::wait(Duration at_most) {
  if (waits && at_most > Duration{0}) waits(at_most);
}

workflows::RunOutcome SimulatedManager::order_and_wait(host::UnitVerb, const std::string& unit, Duration) {
  workflows::RunOutcome outcome;
  outcome.message = unit + " is no unit of this machine";
  return outcome;
}

}  // namespace autoheal::simulation
