// From the end of a real service to its answering again, and to the certified heal in the ledger.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct ProcessOptions {
  std::size_t trials = 25;
  std::string folder = "autoheal-bench.tmp";
  std::string program;  // autoheal
  std::string service;  // demo-service
};

[[nodiscard]] Result<void> run_process(const ProcessOptions& options, std::ostream& out);

}  // namespace autoheal::bench
