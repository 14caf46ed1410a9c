// A large ledger as years of healing leave it, written through the real store: what audit, verify and proofs are
// measured on.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct LedgerOptions {
  std::uint64_t entries = 1'000'000;
  std::uint64_t seed = 1;
  std::string file = "autoheal-bench.ledger/ledger.db";
  bool keep = true;    // with its vault; else removed once it is measured
  bool sizes = false;  // also what each table and index takes
};

// Writes one JSON line per figure: entries per second, bytes per entry. Fails where the file is already there.
[[nodiscard]] Result<void> run_ledger(const LedgerOptions& options, std::ostream& out);

}  // namespace autoheal::bench
