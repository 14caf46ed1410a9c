// Brings the events of the bus to one target, one after the other: reads them behind its place in the ledger, delivers,
// waits, tries again, gives up.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "autoheal/engine/ports.hpp"
#include "tools/autoheal/events/dead_letters.hpp"
#include "tools/autoheal/events/event_sink.hpp"
#include "tools/autoheal/events/outgoing_events.hpp"

namespace autoheal::cli {

// All are called on the courier's executor, and outlive it.
struct CourierPorts {
  const engine::Clock& clock;
  engine::Randomness& randomness;
  // Reads events behind a place. Blocks on the disk.
  std::function<Result<OutgoingEvents::Read>(engine::Position after)> read;
  // Everything up to `place` is done. `soon`: an event was delivered, and is not to be sent again after a crash.
  std::function<void(engine::Position place, bool soon)> save_place;
  // Makes the entry; buried() is called on the courier's executor once that is durable or has failed.
  std::function<void(const DeadLetter& letter)> bury;
  std::function<void(const std::string& sentence)> tell;
};

// On one executor that runs one thing at a time, all of it.
class Courier {
 public:
  Courier(std::string name, std::unique_ptr<EventSink> sink, CourierPorts ports, workflows::DeliveryRules rules,
          engine::Position place)
      : name_(std::move(name)), sink_(std::move(sink)), ports_(std::move(ports)), course_(rules, place) {}

  // Goes on until stop(), after the delivery that is under way then. First waits until `predecessor` has ended, if
  // there is one: two couriers of one target could change the order. The courier outlives it.
  boost::asio::awaitable<void> run(std::shared_ptr<const Courier> predecessor = {});
  [[nodiscard]] bool ended() const { return ended_; }

  // The ledger may have grown.
  void look();
  void buried(bool durable);
  void stop();
  // The executor runs no more.
  void close() { sink_->close(); }

 private:
  boost::asio::awaitable<void> rest(std::optional<Duration> until);
  boost::asio::awaitable<void> send();
  void read_more(Duration now);
  void not_taken(const workflows::OutgoingEvent& event, const Error& error);
  [[nodiscard]] std::optional<Duration> next_moment(Duration now) const;

  std::string name_;
  std::unique_ptr<EventSink> sink_;
  CourierPorts ports_;
  workflows::DeliveryCourse course_;
  std::optional<boost::asio::steady_timer> wake_;
  std::optional<DeadLetter> to_bury_;  // the first event waits for this to be durable
  bool asked_to_bury_ = false;
  Duration read_again_at_{0};  // not before
  Duration bury_again_at_{0};
  bool may_have_grown_ = true;
  bool told_of_failure_ = false, told_of_reading_ = false;
  bool stopped_ = false, ended_ = false;
};

}  // namespace autoheal::cli
