// How fast a ledger is verified, on one core and on all, beside the least that has to be done: read the rows, hash the
// leaves, compute the root.
#pragma once

#include <ostream>
#include <string>

#include "engine/result.hpp"

namespace autoheal::bench {

struct VerifyBenchOptions {
  std::string file = "autoheal-bench.ledger/ledger.db";
  unsigned rounds = 3;   // of each, in turn; the fastest counts
  unsigned threads = 0;  // 0: one for each core
};

// Writes one JSON line per figure. Writes nothing to the ledger. Fails where it does not verify but for signatures.
[[nodiscard]] Result<void> run_verify(const VerifyBenchOptions& options, std::ostream& out);

}  // namespace autoheal::bench
