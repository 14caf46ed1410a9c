#include "tools/autoheal/events/bus_followers.hpp"

#include <fmt/core.h>

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/workflows/supervision/cloud_event.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_recent = 4'000;
// The commits of a pause are read at once. Its length follows those who had something to hear, so that they take a
// small part of the server's time, however many there are.
constexpr std::chrono::microseconds shortest_pause{25'000}, longest_pause{250'000}, pause_for_each_woken{250};
constexpr std::size_t woken_in_a_row = 32;  // then the other clients have their turn
constexpr std::chrono::seconds longest_without_a_look{1};
constexpr std::chrono::milliseconds between_tries{200};
constexpr std::chrono::seconds ping_every{15};
constexpr std::chrono::seconds role_is_asked_every{1};

}  // namespace

// A place in the ledger, and what it takes to read on from there. One thread at a time uses it.
struct BusFollowers::Reading {
  Reading(std::string path, const store::Vault& in_vault, engine::Position place)
      : ledger_path(std::move(path)), vault(in_vault), events(place) {}

  // True: there may be more already.
  Result<std::pair<std::vector<EventFramePtr>, bool>> page() {
    if (!ledger) {
      auto opened = store::LedgerReader::open(ledger_path);
      AUTOHEAL_TRY(opened);
      ledger = std::move(*opened);
    }
    std::vector<EventFramePtr> frames;
    const auto take = [&](const workflows::BusEvent& event, const engine::Entry& entry, unsigned index) {
      frames.push_back(frame_of({entry.position.value, index}, event.topic, entry.subject,
                                workflows::cloud_event(event, entry, ledger->id())));
    };
    const std::uint64_t before = events.place().value;
    const auto took = events.take_page(*ledger, vault, take);
    AUTOHEAL_TRY(took);
    return std::pair(std::move(frames), events.place().value - before >= most_entries_of_page);
  }

  std::string ledger_path;
  const store::Vault& vault;
  std::unique_ptr<store::LedgerReader> ledger;
  EventsSince events;
};

// The body of one client's answer.
class BusFollowers::Stream {
 public:
  Stream(std::shared_ptr<BusFollowers> bus, FollowerWish wish, std::function<bool()> may_go_on)
      : bus_(std::move(bus)),
        follower_(std::move(wish)),
        may_go_on_(std::move(may_go_on)),
        wake_(bus_->ports_.server) {}
  ~Stream() { bus_->leave(*this); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  asio::awaitable<Result<std::optional<std::string>>> next() {
    if (!std::exchange(has_begun_, true)) co_return std::optional(beginning());
    while (true) {
      if (!still_may()) co_return std::exchange(told_of_role_, true) ? std::nullopt : ended("role");
      if (std::string piece = follower_.take(); !piece.empty()) co_return std::optional(std::move(piece));
      if (follower_.has_ended()) co_return std::optional<std::string>();
      if (!is_joined_ && !bus_->join(*this)) {
        const auto caught_up = co_await catch_up();
        AUTOHEAL_CO_TRY(caught_up);
        continue;
      }
      is_joined_ = true;
      if (!follower_.is_idle()) continue;
      const bool came = co_await something_comes();
      if (!came) co_return std::optional(heartbeat());
    }
  }

  void offer(const EventFramePtr& frame) {
    follower_.offer(frame);
    if (!follower_.is_idle() && !std::exchange(is_to_wake_, true)) bus_->wake_soon(*this);
  }
  void wake() {
    is_to_wake_ = false;
    wake_.cancel();
  }
  [[nodiscard]] const FollowerWish& wish() const { return follower_.wish(); }

 private:
  bool still_may() {
    const auto now = asio::steady_timer::clock_type::now();
    if (now - asked_at_ < role_is_asked_every) return may_;
    asked_at_ = now;
    may_ = may_go_on_();
    return may_;
  }

  std::optional<std::string> ended(const char* reason) const {
    return fmt::format("event: autoheal.ended\ndata: {{\"reason\":\"{}\",\"go_on_after\":\"{}\"}}\n\n", reason,
                       text_of(follower_.wish().after));
  }

  // Where to go on is told before the first event: who is cut off before it came misses nothing.
  [[nodiscard]] std::string beginning() const {
    return fmt::format("retry: 2000\n: events of the Genesis bus\nid: {}\n\n", text_of(follower_.wish().after));
  }

  // A comment, and where to go on: also a client that seldom gets an event need not read the past again.
  [[nodiscard]] std::string heartbeat() const {
    const EventId& own = follower_.wish().after;
    return fmt::format(": ping\nid: {}\n\n",
                       text_of(bus_->recent_.empty() ? own : std::max(own, bus_->recent_.back()->id)));
  }

  asio::awaitable<bool> something_comes() {
    boost::system::error_code problem;
    wake_.expires_after(ping_every);
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, problem));
    co_return problem == asio::error::operation_aborted;
  }

  // Many others read: it is this one's turn later.
  asio::awaitable<Result<void>> a_moment() {
    boost::system::error_code ignored;
    wake_.expires_after(between_tries);
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> catch_up() {
    if (!own_) {
      const EventId after = follower_.wish().after;
      const bool whole = after.index == EventId::whole_entry;
      own_ = std::make_shared<Reading>(bus_->ports_.ledger, bus_->ports_.vault,
                                       engine::Position{whole ? after.position : after.position - 1});
    }
    auto read = [own = own_] { return own->page(); };
    const auto page = co_await bus_->ports_.readers.run(std::move(read));
    if (!page && page.error().kind == ErrorKind::unavailable) co_return co_await a_moment();
    AUTOHEAL_CO_TRY(page);
    for (const EventFramePtr& frame : page->first) follower_.offer_past(frame);
    co_return Result<void>();
  }

  friend class BusFollowers;
  std::shared_ptr<BusFollowers> bus_;
  Follower follower_;
  std::function<bool()> may_go_on_;
  asio::steady_timer wake_;
  asio::steady_timer::time_point asked_at_{};
  std::shared_ptr<Reading> own_;  // while it catches up
  bool has_begun_ = false, is_joined_ = false, may_ = true, told_of_role_ = false, is_to_wake_ = false;
};

BusFollowers::BusFollowers(FollowerPorts ports)
    : ports_(std::move(ports)), looked_(ports_.server, asio::steady_timer::time_point::max()), wake_(ports_.server) {}

void BusFollowers::committed() {
  if (!is_active_ || wake_waits_->exchange(true)) return;
  asio::post(ports_.server, [this, waits = wake_waits_] {
    waits->store(false);
    woken_ = true;
    wake_.cancel();
  });
}

asio::awaitable<Result<http::BodySource>> BusFollowers::follow(FollowerWish wish, bool from_now,
                                                               std::function<bool()> may_go_on) {
  auto asked = wish;
  const auto place = co_await first_place(std::move(asked), from_now);
  AUTOHEAL_CO_TRY(place);
  wish.after = *place;
  const auto stream = std::make_shared<Stream>(shared_from_this(), std::move(wish), std::move(may_go_on));
  co_return [stream] { return stream->next(); };
}

asio::awaitable<Result<EventId>> BusFollowers::first_place(FollowerWish wish, bool from_now) {
  const auto range = co_await range_after_now();
  AUTOHEAL_CO_TRY(range);
  const std::uint64_t archived = range->archived.value, head = range->head.value;
  if (from_now) co_return EventId{head};
  const EventId after = wish.after;
  const bool is_there = after.position >= archived && after.position <= head;
  const bool is_beginning = after.position == 0 && archived == 0;
  if (is_there || is_beginning) co_return after;
  co_return failure(ErrorKind::invalid, fmt::format("it cannot go on after {}", text_of(after)),
                    fmt::format("possible are {} to {}", archived, head));
}

// One look serves all who asked before it began: a thousand may come at once, after a restart.
asio::awaitable<Result<BusFollowers::Range>> BusFollowers::range_after_now() {
  const std::uint64_t wanted = looks_begun_ + 1;
  while (looks_ended_ < wanted) {
    if (looks_begun_ == looks_ended_) {
      ++looks_begun_;
      asio::co_spawn(ports_.server, look(), asio::detached);
      continue;  // it may have ended already
    }
    boost::system::error_code woken;
    co_await looked_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return range_;
}

asio::awaitable<void> BusFollowers::look() {
  // Also where it is ended by an exception: nobody may wait for ever.
  const std::shared_ptr<void> end(nullptr, [self = shared_from_this()](void*) {
    self->looks_ended_ = self->looks_begun_;
    self->looked_.cancel();
  });
  auto read = [path = ports_.ledger]() -> Result<Range> {
    const auto ledger = store::LedgerReader::open(path);
    AUTOHEAL_TRY(ledger);
    const auto head = (*ledger)->head();
    AUTOHEAL_TRY(head);
    const auto archived = (*ledger)->archived();
    AUTOHEAL_TRY(archived);
    return Range{*archived, *head};
  };
  range_ = failure(ErrorKind::unavailable, "the ledger was not looked at", "try again in a second");
  auto seen = co_await ports_.readers.run(std::move(read));
  range_ = std::move(seen);
}

// A follower that is not behind what is remembered goes on with all others.
bool BusFollowers::join(Stream& stream) {
  const EventId after = stream.own_ ? EventId{stream.own_->events.place().value} : stream.wish().after;
  if (reading_ && after.position < recent_after_.value) return false;
  (stream.wish().engine.empty() ? of_all_ : of_engine_[stream.wish().engine]).insert(&stream);
  const bool is_whole = after.index == EventId::whole_entry || after.position == 0;
  if (!reading_) begin_reading({is_whole ? after.position : after.position - 1});
  stream.own_.reset();
  for (const EventFramePtr& frame : recent_) stream.follower_.offer_past(frame);
  return true;
}

void BusFollowers::leave(Stream& stream) {
  std::ranges::replace(to_wake_, &stream, nullptr);
  of_all_.erase(&stream);
  const auto found = of_engine_.find(stream.wish().engine);
  if (found != of_engine_.end() && found->second.erase(&stream) > 0 && found->second.empty()) of_engine_.erase(found);
}

void BusFollowers::begin_reading(engine::Position place) {
  reading_ = std::make_shared<Reading>(ports_.ledger, ports_.vault, place);
  recent_.clear();
  recent_after_ = place;
  is_active_ = true;
  asio::co_spawn(ports_.server, read_on(), asio::detached);
}

// Goes on for as long as somebody follows.
asio::awaitable<void> BusFollowers::read_on() {
  asio::steady_timer pause(ports_.server);
  boost::system::error_code ignored;
  while (!of_all_.empty() || !of_engine_.empty()) {
    woken_ = false;
    std::vector<EventFramePtr> frames;
    const bool more = co_await read_page(reading_, frames);
    publish(frames);
    const std::size_t heard = co_await wake_in_turns();
    if (more) continue;
    if (!woken_) co_await until_woken();
    const std::chrono::microseconds wanted = pause_for_each_woken * static_cast<std::int64_t>(heard);
    pause.expires_after(std::clamp(wanted, shortest_pause, longest_pause));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  is_active_ = false;
  reading_.reset();
  recent_.clear();
}

// An error passes: the same page is read again a moment later.
asio::awaitable<bool> BusFollowers::read_page(std::shared_ptr<Reading> reading, std::vector<EventFramePtr>& frames) {
  auto read = [reading] { return reading->page(); };
  auto page = co_await ports_.readers.run(std::move(read));
  if (!page) co_return false;
  frames = std::move(page->first);
  co_return page->second;
}

asio::awaitable<void> BusFollowers::until_woken() {
  boost::system::error_code ignored;
  wake_.expires_after(longest_without_a_look);
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void BusFollowers::publish(const std::vector<EventFramePtr>& frames) {
  for (const EventFramePtr& frame : frames) {
    remember(frame);
    for (Stream* one : of_all_) one->offer(frame);
    const auto those = of_engine_.find(frame->engine);
    if (those == of_engine_.end()) continue;
    for (Stream* one : those->second) one->offer(frame);
  }
}

void BusFollowers::wake_soon(Stream& stream) { to_wake_.push_back(&stream); }

// How many there were.
asio::awaitable<std::size_t> BusFollowers::wake_in_turns() {
  for (std::size_t at = 0; at < to_wake_.size(); ++at) {
    if (to_wake_[at] != nullptr) to_wake_[at]->wake();
    if (at % woken_in_a_row == woken_in_a_row - 1) co_await asio::post(ports_.server, asio::use_awaitable);
  }
  const std::size_t count = to_wake_.size();
  to_wake_.clear();
  co_return count;
}

void BusFollowers::remember(const EventFramePtr& frame) {
  recent_.push_back(frame);
  if (recent_.size() <= most_recent) return;
  recent_after_ = {recent_.front()->id.position};
  recent_.pop_front();
}

}  // namespace autoheal::cli
