// Threads for what clients read: few, of low priority and with a bounded queue, so that no reader slows a heal.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <type_traits>

#include "tools/autoheal/threads/job_threads.hpp"

namespace autoheal::cli {

class ReaderThreads {
 public:
  // unavailable: not one thread is to be had.
  [[nodiscard]] static Result<std::unique_ptr<ReaderThreads>> start();

  // Runs `job`, which may block and returns a Result, on one of them; back on the caller's executor with what it
  // returned. unavailable: too many wait already. On the server's thread.
  template <class Job>
  boost::asio::awaitable<std::invoke_result_t<Job>> run(Job job) {
    if (*waiting_ >= most_waiting) co_return std::unexpected(too_many());
    const Place place(waiting_);
    auto on_its_thread = [job = std::move(job)]() mutable -> boost::asio::awaitable<std::invoke_result_t<Job>> {
      lower_priority();
      co_return job();
    };
    co_return co_await boost::asio::co_spawn(threads_->executor(), std::move(on_its_thread),
                                             boost::asio::use_awaitable);
  }

 private:
  static constexpr std::size_t most_waiting = 64;

  // One of those that wait or run, for as long as this lives: at the end of the process longer than the threads.
  class Place {
   public:
    explicit Place(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    ~Place() { --*count_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::shared_ptr<std::size_t> count_;
  };

  explicit ReaderThreads(std::unique_ptr<JobThreads> threads) : threads_(std::move(threads)) {}
  static void lower_priority();
  static Error too_many();

  std::unique_ptr<JobThreads> threads_;
  std::shared_ptr<std::size_t> waiting_ = std::make_shared<std::size_t>(0);
};

}  // namespace autoheal::cli
