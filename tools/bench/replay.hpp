// Measures how fast a whole past is decided again, on one core and on all, beside the minimum of work: read the rows,
// hash the leaves, compute the root.
#pragma once

#include <ostream>

#include "autoheal/engine/base/result.hpp"
#include "tools/bench/support/whole_ledger.hpp"

namespace autoheal::bench {

// Writes one JSON line per figure. Writes nothing to the ledger. Fails where a heal does not replay to the same.
[[nodiscard]] Result<void> run_replay(const WholeLedgerOptions& options, std::ostream& out);

}  // namespace autoheal::bench
