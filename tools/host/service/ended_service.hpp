// Waits for the process of a service after its `stop` has returned: many a stop only sends a signal, which a hanging
// process ignores. A new process beside it would find its port taken, or take it for the service and do nothing.
#pragma once

#include <sys/types.h>

#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

struct StopPatience {
  Duration limit{std::chrono::seconds(10)};
  Duration while_busy{std::chrono::seconds(90)};  // for who still does something: it may be writing its data
  Duration look_every{std::chrono::seconds(1)};
};

// The work of a process and its descendants so far.
struct Effort {
  Duration on_processor{0};
  unsigned long long bytes = 0;  // read and written
};
[[nodiscard]] bool is_busy(const Effort& before, const Effort& after, Duration between);

// Waits until the process has ended that `pid` and its start time (clock ticks after boot) name. One that is stopped by
// a signal is continued, so that it can. One that has not ended in time is ended by SIGKILL, with its descendants.
// Tells what had to be done; empty if it ended by itself.
[[nodiscard]] std::string see_it_end(pid_t pid, unsigned long long started, const StopPatience& patience);

// Whether `pid` is that of a process that has ended and of which its parent had not heard (a zombie), has disappeared
// by now, waited for for some seconds, and nothing runs that carries `mark`.
[[nodiscard]] bool is_gone_at_last(pid_t pid, const std::string& mark);

}  // namespace autoheal::host
