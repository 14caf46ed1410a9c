// Jobs shared out to threads, each with its own connection. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/verify/verify_range.hpp"

namespace autoheal::store {

// The tools of one thread. Made by the thread that uses it; throws SQLite::Exception.
class Worker {
 public:
  Worker(SQLite::Database database, const VerifiedLedger& ledger);
  [[nodiscard]] SQLite::Database& database() { return database_; }
  [[nodiscard]] RangeReader& ranges();
  [[nodiscard]] const TileHashes& hashes() const { return hashes_; }

 private:
  const VerifiedLedger& ledger_;
  SQLite::Database database_;
  TileHashes hashes_;
  std::optional<RangeReader> ranges_;
};

using Job = std::function<void(Worker&)>;

// Runs all jobs, in the order in which they are begun; `tick` is called on this thread now and then. With one thread,
// or for one job, all of it on this thread with `own`. The first exception of a job ends the work, as an error.
[[nodiscard]] Result<void> run_jobs(const std::vector<Job>& jobs, unsigned threads, Worker& own,
                                    const std::function<std::unique_ptr<Worker>()>& make,
                                    const std::function<void()>& tick, const std::filesystem::path& path);

}  // namespace autoheal::store
