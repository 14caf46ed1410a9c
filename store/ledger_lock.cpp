#include "store/ledger_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

namespace autoheal::store {

namespace {

constexpr Duration pause_between_tries = std::chrono::milliseconds(10);

// The owner's pid for people, never for decisions: the kernel's lock alone decides.
std::string owner_in(int descriptor) {
  char text[16] = {};
  const auto size = read_at(descriptor, text, sizeof text, 0, "the lock");
  int pid = 0;
  if (!size || std::from_chars(text, text + *size, pid).ec != std::errc()) return "another process";
  return "process " + std::to_string(pid);
}

void leave_pid(int descriptor) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) == 0) static_cast<void>(write_all(descriptor, pid, "the lock"));
}

}  // namespace

Result<LedgerLock> LedgerLock::acquire(const std::filesystem::path& ledger, Duration wait) {
  const std::string path = ledger.string() + ".lock";
  // 0600: whoever can open the file can lock it, and auditors in the ledger's group must not.
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_error("opening " + path));
  const auto give_up = std::chrono::steady_clock::now() + wait;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return std::unexpected(system_error("locking " + path));
    if (std::chrono::steady_clock::now() >= give_up) {
      return failure(ErrorKind::busy, owner_in(file.get()) + " owns the ledger " + ledger.string(),
                     "stop the daemon, or use the commands that talk to it");
    }
    std::this_thread::sleep_for(pause_between_tries);
  }
  leave_pid(file.get());
  return LedgerLock(std::move(file));
}

}  // namespace autoheal::store
