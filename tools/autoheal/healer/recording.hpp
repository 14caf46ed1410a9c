// Entries of the process itself, and whether anything can be recorded now: room on the disk, and the ledger's files
// where they were opened.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "tools/autoheal/healer/configuration_in_force.hpp"

namespace autoheal::cli {

// On the loop's thread. The arguments of its constructor outlive it.
class Recording {
 public:
  Recording(HealerParts& parts, ConfigurationInForce& in_force) : parts_(parts), in_force_(in_force) {}

  // Adds an entry of the stream "ledger"; back once it is durable. Holds and baselines in it count from then on.
  boost::asio::awaitable<Result<void>> record(engine::NewEntry entry);

  // Why the last commit could not be made, until one is; else empty.
  [[nodiscard]] const std::string& not_recorded_because() const { return not_recorded_because_; }
  // Why nothing is healed or recorded: the ledger's files are not where they were opened; empty while they are.
  [[nodiscard]] const std::string& ledger_elsewhere() const { return ledger_elsewhere_; }
  // Looks where they are, says what changed, and calls the hook then.
  void look_at_place();
  std::function<void()> place_changed;

  // Calls this soon after nothing can be recorded any more; a command does not wait for room on a disk.
  void give_up_by(std::function<void()> give_up) { give_up_ = std::move(give_up); }
  // Nobody gives up any more: the process ends anyway.
  void close() { closed_ = true; }

  // A commit could not be made, or was.
  void failed(const std::string& why);
  void committed();

 private:
  void wait_for_the_ledger();

  HealerParts& parts_;
  ConfigurationInForce& in_force_;
  std::string not_recorded_because_, ledger_elsewhere_;
  std::function<void()> give_up_;  // empty in a daemon
  bool closed_ = false;
  boost::asio::steady_timer patience_{parts_.loop};
};

}  // namespace autoheal::cli
