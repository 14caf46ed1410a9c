#include "tools/autoheal/events/courier.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/engine/random_number.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_events_in_memory = 256;
// Many commits of a moment are read at once: a busy ledger is not opened for each of them.
constexpr Duration reads_are_apart = std::chrono::milliseconds(50);
constexpr Duration retry_after = std::chrono::seconds(1);
constexpr Duration predecessor_is_looked_at_every = std::chrono::milliseconds(20);

}  // namespace

asio::awaitable<void> Courier::run(std::shared_ptr<const Courier> predecessor) {
  wake_.emplace(co_await asio::this_coro::executor);
  while (predecessor && !predecessor->ended())
    co_await rest(ports_.clock.since_boot() + predecessor_is_looked_at_every);
  predecessor.reset();
  while (!stopped_) {
    const Duration now = ports_.clock.since_boot();
    read_more(now);
    if (to_bury_ && !asked_to_bury_ && now >= bury_again_at_) {
      asked_to_bury_ = true;
      ports_.bury(*to_bury_);
    }
    if (!to_bury_ && course_.due(now) != nullptr) {
      co_await send();
    } else {
      co_await rest(next_moment(now));
    }
  }
  ended_ = true;
}

std::optional<Duration> Courier::next_moment(Duration now) const {
  std::optional<Duration> next = course_.pauses_until(now);
  const auto no_later_than = [&next](Duration moment) { next = std::min(next.value_or(moment), moment); };
  if (may_have_grown_ && course_.waiting() < most_events_in_memory) no_later_than(read_again_at_);
  if (to_bury_ && !asked_to_bury_) no_later_than(bury_again_at_);
  return next;
}

// Until that moment on the boot clock, or until something happens.
asio::awaitable<void> Courier::rest(std::optional<Duration> until) {
  if (until) {
    wake_->expires_after(std::max(Duration{0}, *until - ports_.clock.since_boot()));
  } else {
    wake_->expires_at(asio::steady_timer::time_point::max());
  }
  boost::system::error_code woken;
  co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void Courier::read_more(Duration now) {
  if (!may_have_grown_ || now < read_again_at_ || course_.waiting() >= most_events_in_memory) return;
  read_again_at_ = now + reads_are_apart;
  const engine::Position before = course_.read_to();
  auto read = ports_.read(before);
  if (!read) {
    read_again_at_ = now + retry_after;
    if (!std::exchange(told_of_reading_, true))
      ports_.tell(fmt::format("warning: events for webhook {} cannot be read: {}", name_, read.error().message));
    return;
  }
  told_of_reading_ = false;
  if (read->to == before) {
    may_have_grown_ = false;
    return;
  }
  read_again_at_ = now;  // there may be more
  for (auto& event : read->events) course_.add(std::move(event));
  course_.read_to(read->to);
  if (course_.waiting() == 0) ports_.save_place(course_.place(), false);
}

asio::awaitable<void> Courier::send() {
  const workflows::OutgoingEvent event = *course_.due(ports_.clock.since_boot());
  workflows::OutgoingEvent sent = event;  // named: g++ 12 destroys temporaries of a co_await twice
  const auto taken = co_await sink_->deliver(std::move(sent), ports_.clock.now());
  if (!taken) co_return not_taken(event, taken.error());
  if (std::exchange(told_of_failure_, false)) ports_.tell(fmt::format("webhook {} takes events again", name_));
  course_.delivered();
  ports_.save_place(course_.place(), true);
}

void Courier::not_taken(const workflows::OutgoingEvent& event, const Error& error) {
  const bool dead = course_.failed(ports_.clock.since_boot(), engine::random_number(ports_.randomness));
  if (!std::exchange(told_of_failure_, true))
    ports_.tell(fmt::format("warning: webhook {} did not take an event: {}", name_, error.message));
  if (dead) to_bury_ = DeadLetter{name_, event.id, event.topic, event.position, course_.attempts(), error.message};
}

void Courier::buried(bool durable) {
  asked_to_bury_ = false;
  bury_again_at_ = ports_.clock.since_boot() + retry_after;
  if (durable && to_bury_) {
    ports_.tell(fmt::format("warning: webhook {} gave up event {} after {} attempts", name_, to_bury_->event,
                            to_bury_->attempts));
    to_bury_.reset();
    course_.given_up();
    ports_.save_place(course_.place(), true);
  }
  if (wake_) wake_->cancel();
}

void Courier::look() {
  may_have_grown_ = true;
  if (wake_) wake_->cancel();
}

void Courier::stop() {
  stopped_ = true;
  if (wake_) wake_->cancel();
}

}  // namespace autoheal::cli
