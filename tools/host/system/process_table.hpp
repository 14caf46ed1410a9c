// Processes as /proc shows them: who belongs to which group and session, and who carries a mark.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

struct ProcessInfo {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';
  unsigned long long started = 0;  // clock ticks after boot: tells a reused pid
  bool is_kernel_thread = false;
  [[nodiscard]] bool is_dead() const { return state == 'Z' || state == 'X'; }
};

[[nodiscard]] Duration began_after_boot(const ProcessInfo& process);
// Empty if there is no such process. Thread-safe, like all here.
[[nodiscard]] std::optional<ProcessInfo> read_process(pid_t pid);
[[nodiscard]] std::vector<ProcessInfo> all_processes();
// The process that the thread `id` belongs to.
[[nodiscard]] std::optional<pid_t> thread_group_of(pid_t id);
// As waitpid(2) would report it to its parent; empty if it is no zombie, or its end is not shown to us.
[[nodiscard]] std::optional<int> exit_status_of_zombie(pid_t pid);

// The variable's value in the environment that `pid` was started with; empty also if that cannot be read.
[[nodiscard]] std::optional<std::string> value_in_environment(pid_t pid, std::string_view variable);

// True if the environment that `pid` was started with has `variable` with a value that begins with `prefix` and goes on
// with "/" or ends there (a prefix that ends in "/" is taken as it is).
[[nodiscard]] bool carries(pid_t pid, std::string_view variable, std::string_view prefix);

}  // namespace autoheal::host
