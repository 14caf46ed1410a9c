#include "autoheal/store/verify/verify_work.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "autoheal/store/ledger/ledger_schema.hpp"

namespace autoheal::store {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds(100);

class SharedWork {
 public:
  SharedWork(const std::vector<Job>& jobs, const std::filesystem::path& path) : jobs_(jobs), path_(path) {}

  void work_with(Worker& worker, const std::function<void()>& between = {}) {
    while (const Job* job = next()) {
      try {
        (*job)(worker);
      } catch (const SQLite::Exception& exception) {
        fail(sqlite_error(path_, exception));
      }
      if (between) between();
    }
  }

  // On its thread from beginning to end; tells when it is done.
  void run(const std::function<std::unique_ptr<Worker>()>& make) {
    try {
      const auto worker = make();
      work_with(*worker);
    } catch (const SQLite::Exception& exception) {
      fail(sqlite_error(path_, exception));
    }
    const std::lock_guard lock(mutex_);
    ++finished_;
    finished_one_.notify_all();
  }

  void wait_for(std::size_t threads, const std::function<void()>& tick) {
    std::unique_lock lock(mutex_);
    while (!finished_one_.wait_for(lock, tick_interval, [&] { return finished_ == threads; })) {
      lock.unlock();
      tick();
      lock.lock();
    }
  }

  Result<void> outcome() const {
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  const Job* next() {
    const std::lock_guard lock(mutex_);
    return error_ || begun_ == jobs_.size() ? nullptr : &jobs_[begun_++];
  }
  void fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  const std::vector<Job>& jobs_;
  const std::filesystem::path& path_;
  std::mutex mutex_;
  std::condition_variable finished_one_;
  std::size_t begun_ = 0, finished_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Worker::Worker(SQLite::Database database, const VerifiedLedger& ledger)
    : ledger_(ledger), database_(std::move(database)), hashes_(database_, ledger.path) {}

RangeReader& Worker::ranges() {
  if (!ranges_) ranges_.emplace(database_, ledger_);
  return *ranges_;
}

Result<void> run_jobs(const std::vector<Job>& jobs, unsigned threads, Worker& own,
                      const std::function<std::unique_ptr<Worker>()>& make, const std::function<void()>& tick,
                      const std::filesystem::path& path) {
  SharedWork work(jobs, path);
  const std::size_t wanted = std::min<std::size_t>(threads, jobs.size());
  std::vector<std::jthread> running;
  try {
    while (wanted > 1 && running.size() < wanted) running.emplace_back([&] { work.run(make); });
  } catch (const std::system_error&) {
    // as many as the system gives; with none this thread does it all
  }
  if (running.empty()) {
    work.work_with(own, tick);
  } else {
    work.wait_for(running.size(), tick);
  }
  return work.outcome();
}

}  // namespace autoheal::store
