#include "tools/bench/support/in_turn.hpp"

#include <algorithm>
#include <chrono>

namespace autoheal::bench {

namespace {

Result<double> seconds_of(const std::function<Result<void>()>& work) {
  const auto began = std::chrono::steady_clock::now();
  AUTOHEAL_TRY(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

Result<InTurn> in_turn(unsigned rounds, const std::function<Result<void>()>& floor,
                       const std::function<Result<void>()>& work) {
  InTurn best;
  for (unsigned round = 0; round < rounds; ++round) {
    const auto floor_s = seconds_of(floor);
    AUTOHEAL_TRY(floor_s);
    const auto work_s = seconds_of(work);
    AUTOHEAL_TRY(work_s);
    best.floor_s = round == 0 ? *floor_s : std::min(best.floor_s, *floor_s);
    best.work_s = round == 0 ? *work_s : std::min(best.work_s, *work_s);
  }
  return best;
}

}  // namespace autoheal::bench
