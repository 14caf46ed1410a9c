// Notices a process that began after its pidfile was written, so that the file means another one. Files are dated by
// the wall clock, processes by the time since the boot, and a clock that was set in between must not disown a good
// service.
#pragma once

#include <vector>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

struct PidfileFacts {
  Duration written{0};     // by the wall clock of then
  bool in_memory = false;  // it is of this boot
};

// Facts about the wall clock.
struct WallClock {
  Duration boot{0};    // when this machine was booted, as the clock of now has it
  Duration set_by{0};  // how far it was set while this program looked
  // The same as the clock of then had it: of a machine that has none of its own it is set once there is a network.
  std::vector<Duration> boot_by_clock_of_then = {};
};

// `began`, `now`: since the boot.
[[nodiscard]] bool began_after(const PidfileFacts& file, Duration began, Duration now, const WallClock& clock);

// The wall clock of this machine, now. The oldest devices, made by the kernel at boot or with the container, are dated
// by the clock of that time.
[[nodiscard]] WallClock wall_clock_of_machine();

}  // namespace autoheal::host
