// Notices that a time limit passed because we did not get the processor: then it says nothing about the other side,
// which may have been in time, or starved as well.
#pragma once

#include <sys/types.h>

#include <string>

#include "autoheal/engine/base/timestamp.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

// The time for which a process or thread was ready to run and did not: the second number of /proc/PID/schedstat. Zero
// if the kernel does not say.
[[nodiscard]] Duration waited_for_processor(const std::string& process_or_thread);

// So much of `limit` that it makes a difference.
[[nodiscard]] bool is_good_part(Duration time, Duration limit);

// Made where a limit begins, asked when it has passed, both on one thread.
class LimitWatch {
 public:
  explicit LimitWatch(Duration limit);
  [[nodiscard]] Duration until() const { return until_; }
  // This thread did not get the processor, or was halted (stopped, suspended, frozen with its control group).
  [[nodiscard]] bool kept_waiting() const;

 private:
  Duration limit_, until_, waited_before_;
};

inline constexpr const char* no_processor = "this machine had no processor for it in time";

}  // namespace autoheal::host
