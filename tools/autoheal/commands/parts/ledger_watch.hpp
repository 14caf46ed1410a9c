// Waits until a ledger may have grown, without touching its files: closing any descriptor of a database drops SQLite's
// locks, so only names and events of its folder are looked at.
#pragma once

#include <signal.h>

#include <filesystem>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::cli {

// For wait(): where the system tells of no change, a follower looks this often.
inline constexpr Duration longest_without_a_look = std::chrono::seconds(2);

// Holds SIGINT and SIGTERM back while it lives and tells of them instead. One at a time, on the main thread.
class LedgerWatch {
 public:
  explicit LedgerWatch(const std::filesystem::path& ledger);
  ~LedgerWatch();
  LedgerWatch(const LedgerWatch&) = delete;
  LedgerWatch& operator=(const LedgerWatch&) = delete;

  // Returns 0 once the write-ahead log changed, or after `longest`, or the signal that came.
  [[nodiscard]] int wait(Duration longest);

 private:
  // True if one of the waiting events was of a file that SQLite writes to.
  [[nodiscard]] bool take_events();

  std::string name_;  // of the ledger in its folder
  UniqueFd events_, signals_;
  sigset_t before_{};
};

}  // namespace autoheal::cli
