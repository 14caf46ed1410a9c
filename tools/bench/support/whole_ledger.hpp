// Measurements that go over a whole ledger, made before by `autoheal-bench ledger`: on one core and on all.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct WholeLedgerOptions {
  std::string file = "autoheal-bench.ledger/ledger.db";
  unsigned rounds = 3;   // of each, in turn; the fastest counts
  unsigned threads = 0;  // 0: one for each core
};

// The measurement: `measured` names the run, `rate` is the prefix of its figures' names.
struct WholeLedgerFigures {
  std::string measured, rate, ledger;
};

// Writes the conditions, lets `measure` write its figures under the given names, and writes the peak of memory.
[[nodiscard]] Result<void> on_one_core_and_on_all(
    const WholeLedgerOptions& options, const WholeLedgerFigures& figures, std::ostream& out,
    const std::function<Result<void>(unsigned threads, const std::string& name)>& measure);

}  // namespace autoheal::bench
