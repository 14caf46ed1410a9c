// One timer on the boot clock, which advances while the host sleeps: a wait that ended meanwhile fires as soon as the
// host wakes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/ports.hpp"

namespace autoheal::engine {

// Used on the executor's thread only.
class BootTimer {
 public:
  // `clock` and the executor's context outlive the timer. unavailable: the kernel gives none.
  static Result<std::unique_ptr<BootTimer>> create(const boost::asio::any_io_executor& executor, const Clock& clock);
  ~BootTimer() { *alive_ = false; }
  BootTimer(const BootTimer&) = delete;
  BootTimer& operator=(const BootTimer&) = delete;

  // Called each time the moment has come.
  std::function<void()> due;
  // The moment, on the boot clock; one that has passed comes at once; empty: none.
  void set(std::optional<Duration> moment);

 private:
  BootTimer(const boost::asio::any_io_executor& executor, const Clock& clock, int timer);
  void wait();

  const Clock& clock_;
  boost::asio::posix::stream_descriptor timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace autoheal::engine
