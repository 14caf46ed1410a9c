// Programs beside the bench: the daemon that is measured, the service that it heals, and what the kernel counts of
// them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

// The program `name` of the same build as the bench.
[[nodiscard]] std::string program_beside(const std::string& name);

// Started in `folder`, stdin from /dev/null, stdout and stderr into `output` (relative to the bench, appended to).
// Its process number.
[[nodiscard]] Result<pid_t> start(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                                  const std::filesystem::path& output);
// Waits for its end; its exit code, or 128 + signal.
[[nodiscard]] int wait_for(pid_t child);
// It has ended and was not waited for yet.
[[nodiscard]] bool has_ended(pid_t child);
// Starts and waits; fails if the code is not 0.
[[nodiscard]] Result<void> run(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                               const std::filesystem::path& output);

struct MemoryUse {
  double resident_mib = 0;  // RSS
  double share_mib = 0;     // PSS: shared pages by their share
  double private_mib = 0;   // what would be free without the process
};
[[nodiscard]] Result<MemoryUse> memory_of(pid_t process);

// CPU time of all threads, ended ones too: /proc/PID/stat's utime + stime, in nanoseconds instead of ticks.
[[nodiscard]] double cpu_seconds_of(pid_t process);

}  // namespace autoheal::bench
