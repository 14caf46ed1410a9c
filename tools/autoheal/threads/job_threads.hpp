// The threads on which is done what may block. As many as were asked for or, where the system is short of them, as it
// gives: fewer do the same. asio::thread_pool would wait for ever for those that it has when it is refused one more.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

class JobThreads {
 public:
  // unavailable: not one thread is to be had.
  [[nodiscard]] static Result<std::unique_ptr<JobThreads>> start(std::size_t wanted);
  ~JobThreads() { join(); }
  JobThreads(const JobThreads&) = delete;
  JobThreads& operator=(const JobThreads&) = delete;

  [[nodiscard]] boost::asio::io_context::executor_type executor() { return jobs_.get_executor(); }
  // Waits until all that was given to them is done. Not on one of them.
  void join();

 private:
  JobThreads() = default;

  boost::asio::io_context jobs_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay_{jobs_.get_executor()};
  std::vector<std::jthread> threads_;
};

}  // namespace autoheal::cli
