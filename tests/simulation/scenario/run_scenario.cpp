#include "tests/simulation/scenario/run_scenario.hpp"

#include <algorithm>

#include "tests/simulation/scenario/scenario_machine.hpp"

namespace autoheal::simulation {

namespace {

// The first line of a step's account that is another.
std::string difference_of(const std::vector<std::string>& written, const std::vector<std::string>& came) {
  const auto [left, right] = std::ranges::mismatch(written, came);
  const auto shown = [](const auto at, const auto end) { return at == end ? std::string("nothing") : "'" + *at + "'"; };
  return "came " + shown(right, came.end()) + ", written is " + shown(left, written.end());
}

}  // namespace

Result<ScenarioRun> run_scenario(const std::string& name, const Scenario& scenario, std::size_t dies_after_entries) {
  ScenarioMachine machine(dies_after_entries);
  ScenarioRun run;
  run.told = scenario;
  for (ScenarioStep& step : run.told.steps) {
    auto account = machine.take(step);
    const std::string place = name + ":" + std::to_string(step.line) + ": ";
    if (!account) return failure(account.error().kind, place + account.error().message);
    if (*account != step.account)
      run.differences.push_back(place + step.words.front() + ": " + difference_of(step.account, *account));
    step.account = std::move(*account);
  }
  run.outcome = machine.outcome();
  run.heal_entries = machine.heal_entries();
  return run;
}

}  // namespace autoheal::simulation
