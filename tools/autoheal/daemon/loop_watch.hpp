// The daemon's watch over itself: a thread beside the loop asks it for a sign of life and says so when none comes,
// since a loop that stands still cannot say it. The rules stand in engine/watchdog.hpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "autoheal/engine/ports.hpp"
#include "autoheal/engine/watchdog.hpp"

namespace autoheal::cli {

// All outlive the watch.
struct LoopWatchPorts {
  boost::asio::any_io_executor loop;  // runs one thing at a time
  const engine::Clock& clock;
  std::function<engine::Pulse()> pulse;                      // called on the loop
  std::function<void()> progressed;                          // called on the loop, after each pulse that shows progress
  std::function<std::string()> activity;                     // what the loop is at; any thread
  std::function<void(const std::string& sentence)> warning;  // from the watch's thread
};

class LoopWatch {
 public:
  LoopWatch(LoopWatchPorts ports, Duration limit);
  ~LoopWatch();  // waits for its thread
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;

  // Looks this often from now on, on a thread of its own. Once.
  void begin(Duration every);
  // One look; what the thread does each time.
  void look();

  struct Record {
    std::uint64_t stalls = 0;
    Duration longest{0};
  };
  // Thread-safe.
  [[nodiscard]] Record record() const;

 private:
  struct Shared;  // with questions that the loop may answer after the watch has gone
  static void answer(const std::shared_ptr<Shared>& shared);
  void tell(const engine::Watchdog::Finding& finding) const;

  std::shared_ptr<Shared> shared_;
  std::mutex ending_mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace autoheal::cli
