// Engines that should have been tested long ago, in a sentence for the log.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::cli {

// "nginx should have been tested 3 min ago; the test of db has been running for 12 min; 4 more are late". Empty: none.
[[nodiscard]] std::string sentence_of(const std::vector<workflows::Watch::Late>& late);

}  // namespace autoheal::cli
