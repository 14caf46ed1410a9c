// Work and its floor in turn, so that what disturbs the machine disturbs both.
#pragma once

#include <functional>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

// Seconds of the fastest round of each.
struct InTurn {
  double floor_s = 0, work_s = 0;
};

// `rounds` is at least one. Ends with the first error of either.
[[nodiscard]] Result<InTurn> in_turn(unsigned rounds, const std::function<Result<void>()>& floor,
                                     const std::function<Result<void>()>& work);

}  // namespace autoheal::bench
