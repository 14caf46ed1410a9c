#include "tools/host/process/process_exit.hpp"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <optional>

#include "tools/host/system/process_table.hpp"

namespace autoheal::host {

using workflows::ProcessEnd;

namespace {

// include/uapi/linux/pidfd.h of Linux 6.15, which Debian 12 does not have: the first version of the structure.
struct PidfdInfo {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::uint32_t ids[11] = {};
  std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t pidfd_info_exit = 1U << 3U;
constexpr unsigned long pidfd_get_info = _IOWR(0xFF, 11, PidfdInfo);

std::optional<int> status_of_reaped(int pidfd) {
  PidfdInfo info;
  info.mask = pidfd_info_exit;
  if (::ioctl(pidfd, pidfd_get_info, &info) != 0 || (info.mask & pidfd_info_exit) == 0) return std::nullopt;
  return info.exit_code;
}

}  // namespace

ProcessEnd process_end_of(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? ProcessEnd::wanted : ProcessEnd::failed;
  if (!WIFSIGNALED(status)) return ProcessEnd::unknown;
  switch (WTERMSIG(status)) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:  // how some are asked to end in order
    case SIGHUP:
      return ProcessEnd::wanted;
    case SIGKILL:
      return ProcessEnd::killed;
    case SIGSEGV:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSYS:
    case SIGTRAP:
    case SIGXCPU:
    case SIGXFSZ:
      return ProcessEnd::crashed;
    default:
      return ProcessEnd::failed;
  }
}

ProcessEnd how_it_ended(int pidfd, pid_t pid) {
  auto status = status_of_reaped(pidfd);
  if (!status) status = exit_status_of_zombie(pid);
  if (!status) status = status_of_reaped(pidfd);  // it may just have been reaped
  return status ? process_end_of(*status) : ProcessEnd::unknown;
}

}  // namespace autoheal::host
