// A process that heals is killed with many heals in flight; from the next one's start until all of them have ended.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct CrashOptions {
  std::size_t heals = 2'000;
  std::size_t rounds = 3;  // each on a ledger of its own; the median counts
  std::string folder = "autoheal-bench.tmp";
};

// Forks, so no thread may run before. Writes one JSON line per figure. Fails where a heal is lost, ends otherwise than
// certified or twice.
[[nodiscard]] Result<void> run_crash(const CrashOptions& options, std::ostream& out);

}  // namespace autoheal::bench
