// The standing of all engines, for those who ask over HTTP: read from the loop once for all who ask at the same time,
// so that many who ask cost the loop no more than one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace autoheal::cli {

struct StandingOfEngine {
  std::string engine;
  std::string json;  // an object
};

// The daemon at one moment.
struct Standing {
  bool recovering = false;
  std::string not_recorded;      // why its last commit could not be made
  std::string ledger_elsewhere;  // why nothing is healed
  std::vector<StandingOfEngine> engines;
};
using StandingPtr = std::shared_ptr<const Standing>;

// All engines as one answer.
struct EngineList {
  std::string json;  // {"items":[...]}
  std::string validator;
};

// On the server's executor.
class StandingReader {
 public:
  // `read` is called on the loop. Both executors and what `read` uses outlive the reader.
  StandingReader(boost::asio::any_io_executor server, boost::asio::any_io_executor loop,
                 std::function<Standing()> read);

  // At most a second old. Null: the loop did not answer within two seconds, and did not before.
  [[nodiscard]] boost::asio::awaitable<StandingPtr> get();
  // The same, and with all that `principal` changed before.
  [[nodiscard]] boost::asio::awaitable<StandingPtr> get_for(std::string principal);
  // Made once for each value; valid until another one is asked about.
  [[nodiscard]] const EngineList& list_of(const StandingPtr& value);
  // That costs the loop nothing until the same principal asks.
  void changed_by(const std::string& principal) { changed_by_.insert(principal); }

 private:
  boost::asio::awaitable<void> renew();
  boost::asio::awaitable<void> refresh();
  void begin_refresh();
  boost::asio::awaitable<void> until_arrived();

  boost::asio::any_io_executor server_, loop_;
  std::function<Standing()> read_;
  StandingPtr value_;
  StandingPtr listed_;  // the value that `list_` is of
  EngineList list_;
  boost::asio::steady_timer::time_point at_{};
  bool under_way_ = false;
  std::set<std::string> changed_by_;   // since the last read began
  std::set<std::string> arrives_for_;  // those whose changes are in the read that is under way
  boost::asio::steady_timer arrived_;  // its waiters are woken when a value arrives
};

}  // namespace autoheal::cli
