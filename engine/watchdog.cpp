#include "autoheal/engine/watchdog.hpp"

#include <algorithm>
#include <utility>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

bool Watchdog::ask(Duration now) {
  if (asked_) return false;
  asked_ = now;
  return true;
}

bool Watchdog::answered(const Pulse& pulse, Duration now) {
  AUTOHEAL_CHECK(pulse.turns >= turns_);  // the loop does not take back turns
  asked_.reset();
  const bool turned = std::exchange(turns_, pulse.turns) != pulse.turns;
  if (turned || !pulse.work_due) {
    idle_since_.reset();
    if (stalled_since_) moved_again_ = now;
    return true;
  }
  if (!idle_since_) idle_since_ = now;
  return now - *idle_since_ <= limit_;
}

std::optional<Watchdog::Finding> Watchdog::look(Duration now) {
  AUTOHEAL_CHECK(!moved_again_ || stalled_since_);  // only a loop that stood still can move again
  const Duration before = std::exchange(looked_, now).value_or(now);
  if (now - before > limit_) {
    if (asked_) asked_ = now;
    if (idle_since_) idle_since_ = now;
    return std::nullopt;
  }
  if (stalled_since_ && moved_again_) {
    const Duration time = *moved_again_ - *stalled_since_;
    longest_ = std::max(longest_, time);
    stalled_since_.reset();
    moved_again_.reset();
    return Finding{false, true, time};
  }
  const auto since = stands_since();
  if (stalled_since_ || !since || now - *since <= limit_) return std::nullopt;
  AUTOHEAL_CHECK(!moved_again_);
  stalled_since_ = since;
  ++stalls_;
  return Finding{true, !asked_.has_value(), now - *since};
}

}  // namespace autoheal::engine
