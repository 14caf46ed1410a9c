#include "tools/host/service/named_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "tools/host/service/pidfile.hpp"
#include "tools/host/service/pidfile_age.hpp"
#include "tools/host/system/linked_place.hpp"
#include "tools/host/system/process_table.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

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

bool pidfile_is_missing(const RootFolder& root, const std::string& pidfile) {
  const auto place = follow_links(root, pidfile);
  return place ? !place->file : place.error().kind == ErrorKind::not_found;
}

}  // namespace

Duration age_of_process(pid_t pid) {
  const auto process = read_process(pid);
  if (!process || process->is_dead()) return Duration{0};
  return std::max(Duration{1}, since_boot() - began_after_boot(*process));
}

Result<NamedProcess> named_process(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  const auto pid = read_pidfile(root, pidfile, own);
  AUTOHEAL_TRY(pid);
  const std::string process = fmt::format("process {} of {}", *pid, pidfile);
  const auto found = read_process(*pid);
  // It may be hidden from us, or no descriptor be left to look with.
  if (!found && (::kill(*pid, 0) == 0 || errno != ESRCH))
    return failure(ErrorKind::unavailable, process + " cannot be looked at");
  if (!found || found->is_dead()) return failure(ErrorKind::not_found, process + " does not run");
  if (found->is_kernel_thread) return failure(ErrorKind::invalid, process + " is a thread of the kernel, no service");
  if (thread_group_of(*pid).value_or(*pid) != *pid)
    return failure(ErrorKind::invalid, process + " is a thread of another process");
  const auto file = facts_of(root, pidfile);
  // A process writes its own pidfile, or its starter does once it runs: what began later cannot be meant.
  const Duration now = since_boot(), began = began_after_boot(*found);
  if (file && began_after(*file, began, now, wall_clock_of_machine()))
    return failure(ErrorKind::invalid, process +
                                           " began after that file was written: it is another one, which has got "
                                           "the number of the service since");
  return NamedProcess{*pid, found->started, std::max(Duration{0}, now - began)};
}

std::string run_of(pid_t pid, unsigned long long started) {
  return std::to_string(pid) + "/" + std::to_string(started);
}

workflows::ServiceStatus status_by_pidfile(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  using workflows::ServiceState;
  workflows::ServiceStatus status;
  if (const auto process = named_process(root, pidfile, own)) {
    status.state = ServiceState::running;
    status.main_process = process->pid;
    status.run = run_of(process->pid, process->started);
    status.lives = process->lives;
  } else {
    status.state = process.error().kind == ErrorKind::unavailable ? ServiceState::unknown : ServiceState::stopped;
    status.why = process.error().message;
    status.no_pidfile = pidfile_is_missing(root, pidfile);
  }
  return status;
}

}  // namespace autoheal::host
