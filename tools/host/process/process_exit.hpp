// How a process ended, without being its parent: what the kernel keeps for who holds a pidfd, or shows of one that is not
// reaped yet.
#pragma once

#include <sys/types.h>

#include "autoheal/workflows/service/process_end.hpp"

namespace autoheal::host {

// `status` as waitpid(2) has it.
[[nodiscard]] workflows::ProcessEnd process_end_of(int status);

// Of the process behind `pidfd`, which was opened while it lived. PIDFD_GET_INFO with PIDFD_INFO_EXIT (Linux 6.15, once it
// is reaped), else the exit code of proc_pid_stat(5), which needs the right to trace it; unknown where neither tells.
[[nodiscard]] workflows::ProcessEnd how_it_ended(int pidfd, pid_t pid);

}  // namespace autoheal::host
