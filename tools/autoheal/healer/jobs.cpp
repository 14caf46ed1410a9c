#include "tools/autoheal/healer/jobs.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

// While a heal waits for a ledger that is elsewhere.
constexpr std::chrono::milliseconds place_is_looked_at_every{200};

thread_local bool cut_short_here = false;

}  // namespace

bool Jobs::was_cut_short() { return cut_short_here; }

void Jobs::run(std::function<void()> job) {
  ++under_way_;
  asio::post(parts_.pool->executor(), [this, job = std::move(job)] {
    cut_short_here = false;
    job();
    asio::post(parts_.loop, [this] {  // after the turn that its outcome asked for
      --under_way_;
      if (hooks.one_ended) hooks.one_ended();
    });
  });
}

void Jobs::run_in_turn(const std::string& heal, std::function<void()> job) {
  asio::dispatch(parts_.loop, [this, heal, job = std::move(job)]() mutable {
    hooks.trigger->in_turn(heal, [this, job = std::move(job)]() mutable { run(std::move(job)); });
  });
}

// A wait is no effect under way: where the process ends meanwhile, the next one asks anew.
bool Jobs::run_later(const std::string& heal, Duration time, std::function<void()> job) {
  asio::post(parts_.loop, [this, heal, time, job = std::move(job)] {
    if (!parts_.runtime->runner().is_resumed_alone(heal)) hooks.trigger->pause(heal);
    auto timer = std::make_shared<asio::steady_timer>(parts_.loop, time);
    timer->async_wait([this, timer, job](boost::system::error_code cancelled) {
      if (!cancelled && !is_stopping()) run(job);
    });
  });
  return true;
}

bool Jobs::wait(Duration time) {
  std::unique_lock lock(stopping_mutex_);
  const bool stopped = stopping_changed_.wait_for(lock, time, [this] { return stopping_; });
  cut_short_here = cut_short_here || stopped;
  return !stopped;
}

workflows::GoOn Jobs::until_recordable() {
  auto go_on = workflows::GoOn::at_once;
  while (!parts_.ledger->place().problem().empty()) {
    if (go_on == workflows::GoOn::at_once) asio::post(parts_.loop, [this] { hooks.look_at_place(); });
    go_on = workflows::GoOn::after_a_wait;
    if (!wait(place_is_looked_at_every)) return workflows::GoOn::no_more;
  }
  return go_on;
}

void Jobs::stop_waiting() {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
}

bool Jobs::is_stopping() {
  const std::lock_guard lock(stopping_mutex_);
  return stopping_;
}

}  // namespace autoheal::cli
