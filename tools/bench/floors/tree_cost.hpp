// The cost of the tree over the entries for the writer: the same heals with it and without it, in turn, in one run.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct TreeCostOptions {
  std::size_t callers = 64;
  std::size_t count = 10'000;  // heals of each kind
  std::size_t rounds = 5;      // that they are spread over: what disturbs the machine disturbs both
  std::string folder = "autoheal-bench.tmp";
};

[[nodiscard]] Result<void> run_tree_cost(const TreeCostOptions& options, std::ostream& out);

}  // namespace autoheal::bench
