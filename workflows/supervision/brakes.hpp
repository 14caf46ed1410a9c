// Keeps the daemon from healing too eagerly, per engine: failures that must repeat, the pause after an exhausted heal,
// and the number of heals per hour. Values only; all times are on the boot clock.
#pragma once

#include <deque>
#include <string_view>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

inline constexpr Duration longest_cooldown = std::chrono::hours(1);

// Whether a heal that ended for `reason` says nothing about its engine: a dependency failed, or a hold was placed. It
// draws no brake and counts for none.
[[nodiscard]] bool concerns_others(std::string_view reason);

class Brakes {
 public:
  // A self-test passed: failures start anew, and so does the pause.
  void passed();
  // Counts a failure; true once there were enough in a row. A sure one (no network, no command) is enough by itself.
  [[nodiscard]] bool failed_enough(const HealingSpec& healing, bool sure);
  // A heal ended Exhausted: no other before the pause is over; each pause is twice as long as the one before.
  void exhausted(const HealingSpec& healing, Duration now);
  // When the pause is over, if one lasts.
  [[nodiscard]] std::optional<Duration> cools_until(Duration now) const;
  // Ends pause and quiet, because a person asked for it or the configuration changed.
  void reset();

  void heal_began(Duration now) { heals_.push_back(now); }
  // The last one that was said to begin could not.
  void heal_never_began() {
    if (!heals_.empty()) heals_.pop_back();
  }
  // An hour's worth of heals was begun already.
  [[nodiscard]] bool flaps(const HealingSpec& healing, Duration now);
  // No further heals and reports for an hour.
  void suppress(Duration now);
  [[nodiscard]] std::optional<Duration> quiet_until(Duration now) const;

 private:
  unsigned failures_in_row_ = 0;
  Duration cooldown_{0};  // the last one's length
  std::optional<Duration> cools_until_;
  std::deque<Duration> heals_;  // when those of the last hour began
  std::optional<Duration> quiet_until_;
};

}  // namespace autoheal::workflows
