// A thread for calls out: their names are looked up, their connections wait and their files are read on it, and never
// on the loop that heals.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "tools/outward/resolver.hpp"

namespace autoheal::cli {

// Ends with halt(); what was posted meanwhile may keep it alive for longer, without a thread.
class OutwardThread {
 public:
  // Throws std::system_error where no thread is to be had.
  OutwardThread() : guard_(boost::asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  ~OutwardThread() { halt(); }
  OutwardThread(const OutwardThread&) = delete;
  OutwardThread& operator=(const OutwardThread&) = delete;

  // Waits for the one thing that runs; what waits is dropped. Any other thread.
  void halt() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // Runs one thing at a time.
  [[nodiscard]] boost::asio::any_io_executor executor() { return io_.get_executor(); }

  outward::SystemResolver resolver;  // before the context: those who wait for it go first

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace autoheal::cli
