// Scenario files from the command line: run and compared, or recorded.
#pragma once

#include <string>
#include <vector>

namespace autoheal::simulator {

// Exit code 0: every account is the one that is written, or was recorded; 1: another one came; 2: a file or a step
// cannot be read.
[[nodiscard]] int run_scenarios(const std::vector<std::string>& files, bool record);

}  // namespace autoheal::simulator
