// The end of a process that is not our child: the kernel keeps it for holders of a pidfd, and shows it until the
// process is reaped.
#pragma once

#include <sys/types.h>

#include "autoheal/workflows/service/process_end.hpp"

namespace autoheal::host {

// `status` as waitpid(2) has it.
[[nodiscard]] workflows::ProcessEnd process_end_of(int status);

// The end of the process behind `pidfd`, which was opened while it lived. PIDFD_GET_INFO with PIDFD_INFO_EXIT (Linux
// 6.15, once it is reaped), else the exit code of proc_pid_stat(5), which needs the right to trace it; unknown if
// neither works.
[[nodiscard]] workflows::ProcessEnd how_it_ended(int pidfd, pid_t pid);

}  // namespace autoheal::host
