#include "tools/host/named_process.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>

#include "tools/host/linked_place.hpp"
#include "tools/host/pidfile.hpp"
#include "tools/host/process_table.hpp"
#include "tools/host/time_since_boot.hpp"

namespace autoheal::host {

namespace {

// File systems and clocks are coarse: no process that is so little younger than its pidfile is taken for another.
constexpr Duration coarse = std::chrono::seconds(3);

Duration wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

// When this machine was booted, by the wall clock of now.
Duration boot_time() { return wall_clock() - since_boot(); }

// How far the wall clock was set since this program began to look at it: times of files are of the clock before.
Duration clock_was_set_by() {
  static const Duration first = boot_time();
  return std::chrono::abs(boot_time() - first);
}

Duration started_after_boot(const ProcessInfo& process) {
  static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Duration(static_cast<std::int64_t>(static_cast<double>(process.started) / ticks_per_second * 1e6));
}

struct PidfileFacts {
  Duration written{0};     // by the wall clock
  bool in_memory = false;  // it is of this boot
};

std::optional<PidfileFacts> facts_of(const RootFolder& root, const std::string& pidfile) {
  const auto place = follow_links(root, pidfile);
  struct stat status{};
  struct statfs system{};
  const bool there =
      place && place->file && ::fstat(place->file.get(), &status) == 0 && ::fstatfs(place->file.get(), &system) == 0;
  if (!there) return std::nullopt;
  PidfileFacts facts;
  facts.written = std::chrono::duration_cast<Duration>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                                       std::chrono::nanoseconds(status.st_mtim.tv_nsec));
  facts.in_memory = system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
  return facts;
}

// A process writes its own pidfile, or its starter does once it runs: what began later cannot be meant. The clock of a
// machine without one of its own is set after the boot: a file in memory that seems older than that tells nothing.
bool began_later(const PidfileFacts& file, const ProcessInfo& process) {
  const Duration boot = boot_time();
  if (file.in_memory && file.written < boot) return false;
  return boot + started_after_boot(process) > file.written + coarse + clock_was_set_by();
}

bool pidfile_is_missing(const RootFolder& root, const std::string& pidfile) {
  const auto place = follow_links(root, pidfile);
  return place ? !place->file : place.error().kind == ErrorKind::not_found;
}

}  // namespace

Duration age_of_process(pid_t pid) {
  const auto process = read_process(pid);
  if (!process || process->is_dead()) return Duration{0};
  return std::max(Duration{1}, since_boot() - started_after_boot(*process));
}

Result<NamedProcess> named_process(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  const auto pid = read_pidfile(root, pidfile, own);
  if (!pid) return std::unexpected(pid.error());
  const std::string process = "process " + std::to_string(*pid) + " of " + pidfile;
  const auto found = read_process(*pid);
  if (!found || found->is_dead()) return failure(ErrorKind::not_found, process + " does not run");
  if (found->is_kernel_thread) return failure(ErrorKind::invalid, process + " is a thread of the kernel, no service");
  if (thread_group_of(*pid).value_or(*pid) != *pid)
    return failure(ErrorKind::invalid, process + " is a thread of another process");
  const auto file = facts_of(root, pidfile);
  if (file && began_later(*file, *found))
    return failure(ErrorKind::invalid, process +
                                           " began after that file was written: it is another one, which has got "
                                           "the number of the service since");
  return NamedProcess{*pid, found->started, std::max(Duration{0}, since_boot() - started_after_boot(*found))};
}

workflows::ServiceStatus status_by_pidfile(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  using workflows::ServiceState;
  workflows::ServiceStatus status;
  if (const auto process = named_process(root, pidfile, own)) {
    status.state = ServiceState::running;
    status.main_process = process->pid;
    status.run = std::to_string(process->pid) + "/" + std::to_string(process->started);
    status.lives = process->lives;
  } else {
    status.state = process.error().kind == ErrorKind::unavailable ? ServiceState::unknown : ServiceState::stopped;
    status.why = process.error().message;
    status.no_pidfile = pidfile_is_missing(root, pidfile);
  }
  return status;
}

}  // namespace autoheal::host
