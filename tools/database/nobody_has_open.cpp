#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/database/database_acts.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::database {

namespace {

enum class Use { free, in_use, unknown };

std::unexpected<Error> busy(const char* why) { return failure(ErrorKind::busy, why); }

// A write lease is granted only where nobody else has the file open.
Use ask_for_lease(int descriptor) {
  // Who opens the file in the same moment waits for the lease to end, and the kernel signals that to its holder.
  std::signal(SIGIO, SIG_IGN);
  if (::fcntl(descriptor, F_SETLEASE, F_WRLCK) == 0) {
    ::fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return Use::free;
  }
  return errno == EAGAIN ? Use::in_use : Use::unknown;
}

Use has_open(pid_t pid, const struct stat& file) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> listing(::opendir(folder.c_str()));
  if (!listing) return errno == ENOENT || errno == ESRCH ? Use::free : Use::unknown;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    struct stat found{};
    if (::fstatat(::dirfd(listing.get()), entry->d_name, &found, 0) == 0 && found.st_dev == file.st_dev &&
        found.st_ino == file.st_ino) {
      return Use::in_use;
    }
    errno = 0;
  }
  return errno == 0 || errno == ENOENT || errno == ESRCH ? Use::free : Use::unknown;
}

Use look_through_processes(const struct stat& file) {
  Use all = Use::free;
  std::error_code problem;
  for (std::filesystem::directory_iterator one("/proc", problem), end; !problem && one != end; one.increment(problem)) {
    const auto pid = parse_number<pid_t>(one->path().filename().string());
    if (!pid || *pid == ::getpid()) continue;
    const Use use = has_open(*pid, file);
    if (use == Use::in_use) return use;
    if (use == Use::unknown) all = use;
  }
  return problem ? Use::unknown : all;
}

}  // namespace

Result<void> nobody_has_open(const std::string& path) {
  const UniqueFd opened(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened && errno == ENOENT) return {};
  if (!opened && errno == EWOULDBLOCK) return busy("another process holds a lease on it");
  struct stat found{};
  if (!opened || ::fstat(opened.get(), &found) != 0) return host::system_failure(path, errno);
  if (!S_ISREG(found.st_mode)) return failure(ErrorKind::invalid, path + " is not a file");
  Use use = ask_for_lease(opened.get());
  if (use == Use::unknown) use = look_through_processes(found);
  if (use == Use::in_use) return busy("another process has it open");
  if (use == Use::unknown) return busy("whether another process has it open cannot be told");
  return {};
}

}  // namespace autoheal::database
