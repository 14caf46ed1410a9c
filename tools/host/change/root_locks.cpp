#include "tools/host/change/root_locks.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "tools/host/change/staging_folder.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

// A child of a killed owner holds it until it gets to its exec, which takes long on a loaded machine.
constexpr auto tried_for = std::chrono::seconds(5);
constexpr auto pause_between_tries = std::chrono::milliseconds(20);

}  // namespace

Result<void> RootLocks::hold(const RootFolder& root) {
  struct stat facts{};
  if (::fstat(root.descriptor(), &facts) != 0) return system_failure(root.path(), errno);
  const std::lock_guard lock(mutex_);
  const std::pair<std::uint64_t, std::uint64_t> identity(facts.st_dev, facts.st_ino);
  if (held_.contains(identity)) return {};
  auto staging = make_staging_folder(root);
  AUTOHEAL_TRY(staging);
  UniqueFd file(::openat(staging->get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return system_failure(root.path() + "/.autoheal/lock", errno);
  const auto give_up = std::chrono::steady_clock::now() + tried_for;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_failure(root.path() + "/.autoheal/lock", errno);
    if (std::chrono::steady_clock::now() >= give_up) {
      return failure(ErrorKind::busy, "another autoheal, with another ledger, repairs below " + root.path());
    }
    std::this_thread::sleep_for(pause_between_tries);
  }
  held_.emplace(identity, std::move(file));
  return {};
}

}  // namespace autoheal::host
