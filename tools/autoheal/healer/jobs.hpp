// Work that may block, on the pool: counts the effects under way, lets them wait, and ends their waits when the process
// ends.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "autoheal/workflows/effects/heal_scheduling.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "tools/autoheal/healer/healer_parts.hpp"

namespace autoheal::cli {

// Called on the loop's thread.
struct JobHooks {
  workflows::AutoHealTrigger* trigger = nullptr;  // gives heals their slots
  std::function<void()> look_at_place;            // the ledger's files were not where they were opened
  std::function<void()> one_ended;
};

// The parts outlive it.
class Jobs final : public workflows::HealScheduling {
 public:
  explicit Jobs(HealerParts& parts) : parts_(parts) {}

  void run(std::function<void()> job) override;
  void run_in_turn(const std::string& heal, std::function<void()> job) override;
  bool run_later(const std::string& heal, Duration time, std::function<void()> job) override;
  bool wait(Duration time) override;
  workflows::GoOn until_recordable() override;

  // Runs `job`, which may block, on the pool; back on the loop with what it returned.
  template <class Job>
  boost::asio::awaitable<std::invoke_result_t<Job>> on_pool(Job job) {
    auto on_its_thread = [job = std::move(job)]() mutable -> boost::asio::awaitable<std::invoke_result_t<Job>> {
      co_return job();
    };
    co_return co_await boost::asio::co_spawn(parts_.pool->executor(), std::move(on_its_thread),
                                             boost::asio::use_awaitable);
  }

  // Nothing is waited for any more. Any thread.
  void stop_waiting();
  // Effects that run() began and that have not ended; on the loop's thread.
  [[nodiscard]] unsigned under_way() const { return under_way_; }
  // Whether the effect on this thread was told to end before it was done.
  [[nodiscard]] static bool was_cut_short();

  JobHooks hooks;

 private:
  [[nodiscard]] bool is_stopping();

  HealerParts& parts_;
  unsigned under_way_ = 0;
  std::mutex stopping_mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
};

}  // namespace autoheal::cli
