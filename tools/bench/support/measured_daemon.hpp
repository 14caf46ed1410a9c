// `autoheal serve` as people run it, in a scratch folder, and the ledger that it writes as another process reads it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "tools/bench/support/spawned.hpp"

namespace autoheal::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

[[nodiscard]] inline double ms_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// Asks `done` five thousand times a second: what is seen so is known to 0.2 ms. False: it did not come in `limit`.
[[nodiscard]] bool poll_until(std::chrono::seconds limit, const std::function<bool()>& done);

// Counts of the daemon's entries.
struct Recorded {
  std::size_t passed = 0;  // engines whose self-test was found to pass
  std::size_t triggered = 0, completed = 0, exhausted = 0;
  std::size_t skipped = 0;  // failures that were not healed
  SteadyTime last_completed_seen{}, last_skipped_seen{};
  Timestamp last_completed_time{};  // the entry's own: when it was decided, right before its commit

  [[nodiscard]] bool all_ended() const { return completed + exhausted == triggered; }
};

// Ended with SIGTERM when it goes.
class MeasuredDaemon {
 public:
  // Starts `program serve` on `folder`/autoheal.yaml and waits until all `engines` were found to pass. Its output is in
  // `folder`/serve.log. The configuration's ledger is `folder`/var/ledger.db.
  [[nodiscard]] static Result<std::unique_ptr<MeasuredDaemon>> start(const std::string& program,
                                                                     const std::filesystem::path& folder,
                                                                     std::size_t engines);
  ~MeasuredDaemon();
  MeasuredDaemon(const MeasuredDaemon&) = delete;
  MeasuredDaemon& operator=(const MeasuredDaemon&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Reads what is committed by now and counts it.
  const Recorded& read_on();
  [[nodiscard]] const Recorded& recorded() const { return recorded_; }
  // Ends it; failed: it did not end with 0.
  [[nodiscard]] Result<void> end();
  // The end of its log, for a sentence that says what went wrong.
  [[nodiscard]] std::string last_words() const;

 private:
  explicit MeasuredDaemon(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void open_reader();

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  std::unique_ptr<store::LedgerReader> reader_;
  engine::Position place_;
  Recorded recorded_;
};

// Writes `folder`/autoheal.yaml: what every measurement has at its head, `head` (whole lines), and the engines' items.
void write_configuration(const std::filesystem::path& folder, const std::string& engines, const std::string& head = "");

}  // namespace autoheal::bench
