// Whole heals through trigger, loop and ledger: on the simulated host, and with one real file each.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct HealsOptions {
  std::size_t callers = 64;
  std::size_t count = 10'000;
  std::string folder = "autoheal-bench.tmp";
  bool simulated_only = false;  // leaves the line with real files out
};

// Writes one JSON line per figure. Fails where a heal is not certified: a wrong heal has no speed.
[[nodiscard]] Result<void> run_heals(const HealsOptions& options, std::ostream& out);

}  // namespace autoheal::bench
