// The port by which one event leaves the host: a request to a URL, or a program.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/supervision/delivery_course.hpp"
#include "tools/config/configuration.hpp"
#include "tools/outward/resolver.hpp"

namespace autoheal::cli {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Back when the target has taken the event, or why it has not; the message holds no secret. One at a time; blocks
  // nobody else on the executor. `time` is the moment of this delivery.
  virtual boost::asio::awaitable<Result<void>> deliver(workflows::OutgoingEvent event, Timestamp time) = 0;
  // Waits for what a delivery does on other threads; afterwards nothing of it touches the executor. Any thread.
  virtual void close() {}
};

// For both kinds; all outlive the sink.
struct SinkPorts {
  outward::Resolver& resolver;
  std::function<void(std::string_view secret)> learn;  // it must never be seen from now on
  std::string program_mark;                            // programs carry it and the event's id, to be found again
};

}  // namespace autoheal::cli
