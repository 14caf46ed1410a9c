#include "autoheal/store/ledger/ledger_lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::store {

namespace {

constexpr Duration pause_between_tries = std::chrono::milliseconds(10);
// On a machine so loaded that a child of a killed owner does not get to its exec.
constexpr Duration longest_wait_for_a_dead_owner = std::chrono::seconds(30);

// For people, and for how long it is worth waiting: the kernel's lock alone decides who owns the ledger.
std::optional<pid_t> owner_in(int descriptor) {
  char text[16] = {};
  const auto size = read_at(descriptor, text, sizeof text, 0, "the lock");
  return size ? leading_number<pid_t>({text, *size}) : std::nullopt;
}

bool is_dead(const std::optional<pid_t>& owner) {
  return owner && *owner > 0 && ::kill(*owner, 0) != 0 && errno == ESRCH;
}

// Where flock(2) is made of the locks that SQLite takes.
bool locks_are_shared(int descriptor) {
  struct statfs system{};
  constexpr unsigned long of_nfs = 0x6969, of_smb = 0x517B, of_cifs = 0xFF534D42, of_smb2 = 0xFE534D42;
  if (::fstatfs(descriptor, &system) != 0) return true;
  const auto kind = static_cast<unsigned long>(system.f_type) & 0xFFFFFFFFUL;
  return kind == of_nfs || kind == of_smb || kind == of_cifs || kind == of_smb2;
}

// "1: FLOCK  ADVISORY  WRITE 712 fe:01:131 0 EOF". On layered file systems the kernel names another device here than
// stat(2), so only the inode is compared.
std::optional<pid_t> holder_of(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    int pid = 0;
    unsigned long inode = 0;
    const int read = std::sscanf(line.c_str(), "%*u: FLOCK %*s WRITE %d %*x:%*x:%lu", &pid, &inode);
    if (read == 2 && inode == status.st_ino && pid > 0) return pid;
  }
  return std::nullopt;
}

void leave_pid(int descriptor) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) == 0) static_cast<void>(write_all(descriptor, pid, "the lock"));
}

}  // namespace

Result<LedgerLock> LedgerLock::acquire(const std::filesystem::path& ledger, Duration wait) {
  const std::string path = ledger.string() + ".lock";
  // 0600: everybody who can open the file can lock it, and auditors in the ledger's group must not.
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_error("opening " + path));
  const auto began = std::chrono::steady_clock::now();
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return std::unexpected(system_error("locking " + path));
    const auto waited = std::chrono::steady_clock::now() - began;
    const auto owner = owner_in(file.get());
    const bool passes_soon = wait > Duration{0} && waited < longest_wait_for_a_dead_owner && is_dead(owner);
    if (waited >= wait && !passes_soon) {
      const std::string who = owner ? fmt::format("process {}", *owner) : "another process";
      return failure(ErrorKind::busy, fmt::format("{} owns the ledger {}", who, ledger.string()),
                     "stop the daemon, or use the commands that talk to it");
    }
    std::this_thread::sleep_for(pause_between_tries);
  }
  leave_pid(file.get());
  return LedgerLock(std::move(file));
}

Result<void> LedgerLock::hold_file(const std::filesystem::path& ledger, Duration wait) {
  FileDescriptor file(::open(ledger.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file || locks_are_shared(file.get())) return {};
  const auto began = std::chrono::steady_clock::now();
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return {};  // no such locks here
    const auto waited = std::chrono::steady_clock::now() - began;
    const auto holder = holder_of(file.get());
    const bool passes_soon = wait > Duration{0} && waited < longest_wait_for_a_dead_owner && is_dead(holder);
    if (waited >= wait && !passes_soon) {
      const std::string who = holder ? fmt::format("process {}", *holder) : "another process";
      return failure(ErrorKind::busy, fmt::format("{} owns the ledger {} under another name", who, ledger.string()),
                     "one ledger has one owner: stop that one, or give each configuration a ledger of its own");
    }
    std::this_thread::sleep_for(pause_between_tries);
  }
  ledger_ = std::move(file);
  return {};
}

}  // namespace autoheal::store
