// From an edit of a file with a baseline to the file being right again, and to the certified heal in the ledger.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct DriftOptions {
  std::size_t trials = 200;
  std::string folder = "autoheal-bench.tmp";
  std::string program;  // autoheal
};

[[nodiscard]] Result<void> run_drift(const DriftOptions& options, std::ostream& out);

}  // namespace autoheal::bench
