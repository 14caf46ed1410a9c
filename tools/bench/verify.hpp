// Measures how fast a ledger is verified, on one core and on all, beside the minimum of work: read the rows, hash the
// leaves, compute the root.
#pragma once

#include <ostream>

#include "autoheal/engine/base/result.hpp"
#include "tools/bench/support/whole_ledger.hpp"

namespace autoheal::bench {

// Writes one JSON line per figure. Writes nothing to the ledger. Fails if it does not verify but for signatures.
[[nodiscard]] Result<void> run_verify(const WholeLedgerOptions& options, std::ostream& out);

}  // namespace autoheal::bench
