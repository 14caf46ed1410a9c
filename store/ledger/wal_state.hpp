// The size of the ledger's write-ahead log, and the process that keeps it from being emptied by reading the database in
// one long transaction.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace autoheal::store {

struct LogReader {
  pid_t pid = 0;  // 0: outside of this container
  std::string program;
};

struct WalState {
  std::uint64_t bytes = 0;
  std::vector<LogReader> readers;  // at this moment; ordered, each process once
};

// Asks the kernel (proc_locks(5)); what it does not tell is left out.
[[nodiscard]] WalState wal_state(const std::filesystem::path& ledger);

inline constexpr std::uint64_t log_is_large_bytes = 64 * 1024 * 1024;  // four times what it is cut back to

// "the ledger's log has grown to 70 MiB, since process 12 (sqlite3) keeps reading it"; empty while it is small.
[[nodiscard]] std::string sentence_of(const WalState& state, std::uint64_t large_bytes = log_is_large_bytes);

}  // namespace autoheal::store
