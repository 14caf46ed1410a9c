// The durable engine alone: an empty workflow of four steps through runtime and ledger, beside bare SQLite.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct EngineOptions {
  std::vector<std::size_t> at_once = {1, 64, 1'000};
  std::size_t count = 20'000;
  std::string folder = "autoheal-bench.tmp";
};

// Writes one JSON line per figure. Fails where a workflow does not end.
[[nodiscard]] Result<void> run_engine(const EngineOptions& options, std::ostream& out);

}  // namespace autoheal::bench
