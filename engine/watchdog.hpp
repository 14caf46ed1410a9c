// Judges from another thread whether the loop makes progress, by asking it for a sign of life now and then. A healer
// that silently stops is the worst failure there is. A value: it has no clock and no thread of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::engine {

// The loop's answer when it is asked.
struct Pulse {
  std::uint64_t turns = 0;  // that it has made
  bool work_due = false;    // something waits for its next turn
};

// Times are on the boot clock. Not thread-safe.
class Watchdog {
 public:
  // Findings to report, each once.
  struct Finding {
    bool stalled = false;  // false: it goes on again
    bool answers = false;  // only its turns do not come
    Duration time{0};      // that it has stood still, or stood still in all
  };

  // `limit`: longer without progress is a stall. To be looked at several times within it.
  explicit Watchdog(Duration limit) : limit_(limit) {}

  // The loop is to be asked now; false: its last answer is still due.
  [[nodiscard]] bool ask(Duration now);
  // True: it makes progress, or there is nothing to do. Only then may systemd be notified that it is alive.
  bool answered(const Pulse& pulse, Duration now);
  // Empty: nothing new. Who comes late to look has slept himself, and with him the loop: no stall.
  [[nodiscard]] std::optional<Finding> look(Duration now);

  [[nodiscard]] std::uint64_t stalls() const { return stalls_; }
  [[nodiscard]] Duration longest_stall() const { return longest_; }
  [[nodiscard]] bool stalled() const { return stalled_since_.has_value(); }

 private:
  [[nodiscard]] std::optional<Duration> stands_since() const { return asked_ ? asked_ : idle_since_; }

  Duration limit_;
  std::optional<Duration> asked_;       // the question that is not answered
  std::optional<Duration> idle_since_;  // it answers, but work has been due since then without a turn
  std::optional<Duration> stalled_since_, moved_again_, looked_;
  std::uint64_t turns_ = 0, stalls_ = 0;
  Duration longest_{0};
};

}  // namespace autoheal::engine
