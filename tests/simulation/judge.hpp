// Judges a day of the daemon: an independent model of the brakes that reads only the events and the ledger.
#pragma once

#include <string>
#include <vector>

#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {

struct Rules {
  std::vector<workflows::EngineSpec> engines;
  unsigned max_concurrent = 0;
  Duration calm{0};               // from then on nothing breaks and nobody holds
  std::vector<std::string> lost;  // engines that nothing heals
};

// Each broken rule as a sentence, the time of day first.
[[nodiscard]] std::vector<std::string> broken_rules(const std::vector<autoheal::testing::Happening>& history,
                                                    const Rules& rules);

}  // namespace autoheal::simulation
