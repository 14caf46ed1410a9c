// The jobs of the API as they stand: which one is next, and how long results are kept. Knows nothing of processes.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tools/autoheal/jobs/job.hpp"

namespace autoheal::cli {

// How the command ended.
struct JobEnd {
  std::optional<int> exit_code;
  std::string result;          // JSON; empty: it failed
  std::optional<Error> error;  // why
};

// Thread-safe.
class JobList {
 public:
  static constexpr std::size_t most_waiting = 8;
  static constexpr std::size_t most_kept = 100;  // that have ended
  static constexpr std::size_t most_kept_bytes = 64U << 20U;
  static constexpr Duration kept_for = std::chrono::hours(24);

  // The new job. busy: as many wait as may.
  [[nodiscard]] Result<Job> add(std::string id, JobWish wish, Timestamp now);
  // Empty: there is none of this name, or no more.
  [[nodiscard]] std::optional<Job> find(const std::string& id, Timestamp now);
  // The newest first, without results.
  [[nodiscard]] std::vector<Job> all(Timestamp now);
  // A job that waits or runs ends as cancelled, though its process may still be ending. not_found; failed: it has
  // ended.
  [[nodiscard]] Result<Job> cancel(const std::string& id, Timestamp now);

  // For who runs them. The oldest that waits; it runs from then on.
  [[nodiscard]] std::optional<Job> next(Timestamp now);
  [[nodiscard]] bool is_cancelled(const std::string& id);
  void progressed(const std::string& id, std::uint64_t done, std::uint64_t all);
  void ended(const std::string& id, JobEnd end, Timestamp now);

 private:
  Job* place_of(const std::string& id);
  void forget(Timestamp now);

  std::mutex mutex_;
  std::deque<Job> jobs_;  // the oldest first
};

}  // namespace autoheal::cli
