// The clock for time limits: it advances while the machine sleeps and never jumps.
#pragma once

#include <ctime>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

[[nodiscard]] inline Duration since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace autoheal::host
