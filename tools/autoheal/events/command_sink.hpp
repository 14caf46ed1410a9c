// Gives events to a program: its arguments as they are, no shell, the event on its standard input.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "tools/autoheal/events/event_sink.hpp"

namespace autoheal::cli {

class CommandSink final : public EventSink {
 public:
  CommandSink(workflows::ProgramRun run, std::string mark) : run_(std::move(run)), mark_(std::move(mark)) {}
  // Exit code 0 takes the event. All that it leaves running is ended, and its output is thrown away: it could hold what
  // nobody may see.
  boost::asio::awaitable<Result<void>> deliver(workflows::OutgoingEvent event, Timestamp time) override;
  void close() override { thread_.join(); }

 private:
  workflows::ProgramRun run_;
  std::string mark_;
  boost::asio::thread_pool thread_{1};  // a run blocks
};

}  // namespace autoheal::cli
