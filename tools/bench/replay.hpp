// How fast a whole past is decided again, on one core and on all, beside the least that has to be done: read the rows,
// hash the leaves, compute the root.
#pragma once

#include <ostream>
#include <string>

#include "engine/result.hpp"

namespace autoheal::bench {

struct ReplayBenchOptions {
  std::string file = "autoheal-bench.ledger/ledger.db";
  unsigned rounds = 3;   // of each, in turn; the fastest counts
  unsigned threads = 0;  // 0: one for each core
};

// Writes one JSON line per figure. Writes nothing to the ledger. Fails where a heal does not replay to the same.
[[nodiscard]] Result<void> run_replay(const ReplayBenchOptions& options, std::ostream& out);

}  // namespace autoheal::bench
