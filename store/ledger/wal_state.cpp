#include "autoheal/store/ledger/wal_state.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace autoheal::store {

namespace {

// The locks of readers in the -shm file (https://www.sqlite.org/walformat.html, 2.3.2).
constexpr unsigned long long first_read_lock = 123;
constexpr unsigned long long last_read_lock = 127;
constexpr std::size_t most_named = 3;

std::string program_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

struct HeldLock {
  int pid = 0;
  unsigned long inode = 0;
  unsigned long long first = 0, last = 0;
};

// "3: POSIX  ADVISORY  READ 712 fe:01:131 123 123"; one that only waits for a lock has "->" in place of its kind.
bool read_lock(const std::string& line, HeldLock& lock) {
  return std::sscanf(line.c_str(), "%*u: POSIX %*s READ %d %*x:%*x:%lu %llu %llu", &lock.pid, &lock.inode, &lock.first,
                     &lock.last) == 4;
}

}  // namespace

WalState wal_state(const std::filesystem::path& ledger) {
  WalState state;
  struct stat found{};
  if (::stat((ledger.string() + "-wal").c_str(), &found) == 0) state.bytes = static_cast<std::uint64_t>(found.st_size);
  if (::stat((ledger.string() + "-shm").c_str(), &found) != 0) return state;
  std::map<pid_t, std::string> readers;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    HeldLock lock;
    // On layered file systems the kernel names another device here than stat(2), so only the inode is compared.
    if (!read_lock(line, lock) || lock.inode != found.st_ino) continue;
    if (lock.first <= last_read_lock && lock.last >= first_read_lock) readers.emplace(lock.pid, program_of(lock.pid));
  }
  for (auto& [pid, program] : readers) state.readers.push_back({pid, std::move(program)});
  return state;
}

std::string sentence_of(const WalState& state, std::uint64_t large_bytes) {
  if (state.bytes < large_bytes) return {};
  std::string sentence = fmt::format("the ledger's log has grown to {} MiB", state.bytes >> 20U);
  for (std::size_t index = 0; index < state.readers.size() && index < most_named; ++index) {
    const LogReader& reader = state.readers[index];
    sentence += index == 0 ? ", since " : ", ";
    sentence += reader.pid == 0 ? "a process outside of this container"
                                : fmt::format("process {} ({})", reader.pid, reader.program);
  }
  if (!state.readers.empty()) sentence += state.readers.size() == 1 ? " keeps reading it" : " keep reading it";
  return sentence;
}

}  // namespace autoheal::store
