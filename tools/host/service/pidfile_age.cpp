#include "tools/host/service/pidfile_age.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "tools/host/system/process_table.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

// File systems and clocks are coarse: no process that is so little younger than its pidfile is taken for another.
constexpr Duration coarse = std::chrono::seconds(3);

Duration since_epoch(std::int64_t seconds, std::int64_t nanoseconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

Duration boot_by_clock_of_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return since_epoch(now.tv_sec, now.tv_nsec) - since_boot();
}

// When devices were made, by the clock of then.
std::optional<Duration> time_of_first_devices() {
  std::optional<Duration> first;
  for (const char* path : {"/dev", "/dev/null", "/dev/zero"}) {
    struct statx found{};
    if (::statx(AT_FDCWD, path, 0, STATX_BTIME | STATX_MTIME, &found) != 0) continue;
    const auto& made = (found.stx_mask & STATX_BTIME) != 0 ? found.stx_btime : found.stx_mtime;
    const Duration time = since_epoch(made.tv_sec, made.tv_nsec);
    first = std::min(first.value_or(time), time);
  }
  return first;
}

}  // namespace

bool began_after(const PidfileFacts& file, Duration began, Duration now, const WallClock& clock) {
  if (file.in_memory && file.written < clock.boot) return false;
  if (clock.boot + began <= file.written + coarse + clock.set_by) return false;
  // By the clock of then it may have been written while the process ran.
  return std::ranges::none_of(clock.boot_by_clock_of_then, [&](Duration boot) {
    const Duration written = file.written - boot;
    return boot < clock.boot && began <= written + coarse && written <= now + coarse;
  });
}

WallClock wall_clock_of_machine() {
  static const Duration first_look = boot_by_clock_of_now();
  static const std::vector<Duration> of_then = [] {
    std::vector<Duration> boots;
    const auto made = time_of_first_devices();
    const auto first_process = read_process(1);
    if (!made) return boots;
    boots.push_back(*made);                                                        // by the kernel, as it booted
    if (first_process) boots.push_back(*made - began_after_boot(*first_process));  // for a container, as that began
    return boots;
  }();
  WallClock clock;
  clock.boot = boot_by_clock_of_now();
  clock.set_by = std::chrono::abs(clock.boot - first_look);
  clock.boot_by_clock_of_then = of_then;
  return clock;
}

}  // namespace autoheal::host
