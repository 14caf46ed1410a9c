// Heals beside clients that follow the bus and ask for the engines: what these cost the heals.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct ApiOptions {
  std::size_t callers = 64;        // each heals its share of the engines, one heal after the other
  std::size_t engines = 256;       // enough that a follower of one hears of few heals a second
  std::size_t followers = 1'000;   // of one engine each
  std::size_t of_everything = 20;  // of all engines
  double requests = 200;           // a second
  std::size_t pairs = 5;           // of a window without and one with the load
  double seconds = 4;              // of a window
  std::string topics = "selftest.autoheal.complete";
  std::string folder = "autoheal-bench.tmp";
  std::string program;  // autoheal
};

[[nodiscard]] Result<void> run_api(const ApiOptions& options, std::ostream& out);

}  // namespace autoheal::bench
