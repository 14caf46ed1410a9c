// Many files drift at once: as one engine, and as one engine each.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct StormOptions {
  std::size_t files = 1000;
  std::string folder = "autoheal-bench.tmp";
  std::string program;  // autoheal
};

[[nodiscard]] Result<void> run_storm(const StormOptions& options, std::ostream& out);

}  // namespace autoheal::bench
