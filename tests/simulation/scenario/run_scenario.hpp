// Runs a scenario and holds its accounts against those that are written in it.
#pragma once

#include "tests/simulation/scenario/scenario_file.hpp"

namespace autoheal::simulation {

struct ScenarioRun {
  Scenario told;                         // with the accounts of this run
  std::vector<std::string> differences;  // "NAME:LINE: ...", a line each; empty: the accounts are those in the file
  std::string outcome;                   // of the machine and its heals
  std::size_t heal_entries = 0;
};

// `dies_after_entries`: the process dies right after so many entries of heals, and the next one starts; 0: it does not.
// invalid: a step that cannot be taken; the message begins with "NAME:LINE: ".
[[nodiscard]] Result<ScenarioRun> run_scenario(const std::string& name, const Scenario& scenario,
                                               std::size_t dies_after_entries = 0);

}  // namespace autoheal::simulation
