// All web clients that follow the bus. The ledger is read once for those who are up to date; a client that begins in
// the past reads by itself until it has caught up. On the server's executor, unless a function says otherwise.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "tools/autoheal/events/events_since.hpp"
#include "tools/autoheal/events/follower.hpp"
#include "tools/autoheal/threads/reader_threads.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {

// Used until the server ends.
struct FollowerPorts {
  boost::asio::any_io_executor server;
  ReaderThreads& readers;
  std::string ledger;         // its path
  const store::Vault& vault;  // data too long for an entry
};

// A stream that was not ended holds it, so it is shared.
class BusFollowers : public std::enable_shared_from_this<BusFollowers> {
 public:
  explicit BusFollowers(FollowerPorts ports);

  // Something was committed. Any thread.
  void committed();

  // Server-Sent Events for one client, for as long as `may_go_on` says so; it is asked once a second at most. invalid:
  // entries behind wish.after are archived, or there is no such entry yet; the hint names the range that is possible.
  // Without `from_now`, wish.after is where it begins.
  [[nodiscard]] boost::asio::awaitable<Result<http::BodySource>> follow(FollowerWish wish, bool from_now,
                                                                        std::function<bool()> may_go_on);

 private:
  struct Reading;
  class Stream;
  struct Range {
    engine::Position archived, head;
  };
  boost::asio::awaitable<Result<EventId>> first_place(FollowerWish wish, bool from_now);
  boost::asio::awaitable<Result<Range>> range_after_now();
  boost::asio::awaitable<void> look();
  [[nodiscard]] bool join(Stream& stream);
  void leave(Stream& stream);
  void begin_reading(engine::Position place);
  boost::asio::awaitable<void> read_on();
  boost::asio::awaitable<bool> read_page(std::shared_ptr<Reading> reading, std::vector<EventFramePtr>& frames);
  boost::asio::awaitable<void> until_woken();
  void publish(const std::vector<EventFramePtr>& frames);
  void wake_soon(Stream& stream);
  boost::asio::awaitable<std::size_t> wake_in_turns();
  void remember(const EventFramePtr& frame);

  FollowerPorts ports_;
  std::shared_ptr<Reading> reading_;  // null: nobody is up to date
  std::set<Stream*> of_all_;          // those who follow every engine
  std::map<std::string, std::set<Stream*>, std::less<>> of_engine_;
  std::deque<EventFramePtr> recent_;  // for those who catch up
  engine::Position recent_after_;     // all events behind it are there
  std::vector<Stream*> to_wake_;      // null: it left meanwhile
  Result<Range> range_;               // as the last look found it
  std::uint64_t looks_begun_ = 0, looks_ended_ = 0;
  boost::asio::steady_timer looked_;  // never due; its waiters are woken when a look has ended
  boost::asio::steady_timer wake_;
  bool woken_ = false;
  std::shared_ptr<std::atomic<bool>> wake_waits_ = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> is_active_ = false;
};

}  // namespace autoheal::cli
