// The cost of a daemon while nothing happens.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct IdleOptions {
  std::size_t files = 10'000;
  std::size_t engines = 100;
  unsigned seconds = 10;
  std::string folder = "autoheal-bench.tmp";
  std::string program;  // autoheal
};

[[nodiscard]] Result<void> run_idle(const IdleOptions& options, std::ostream& out);

}  // namespace autoheal::bench
