// The course of the deliveries to one target: in order, each again until the target takes it, with longer and longer
// pauses. An event that is refused too often is given up, and frees those behind it. Values only; all times are on the
// boot clock.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "autoheal/engine/entry.hpp"

namespace autoheal::workflows {

// An event as it leaves the host.
struct OutgoingEvent {
  std::string id;  // the same at every delivery; unique over all hosts
  std::string topic;
  engine::Position position;  // of the entry it tells of
  std::string body;           // a CloudEvent
  friend bool operator==(const OutgoingEvent&, const OutgoingEvent&) = default;
};

struct DeliveryRules {
  unsigned most_attempts = 12;  // of one event; then it is given up
  Duration first_pause = std::chrono::seconds(1);
  Duration longest_pause = std::chrono::hours(1);
};

class DeliveryCourse {
 public:
  // Everything up to `place` was delivered or given up.
  DeliveryCourse(DeliveryRules rules, engine::Position place) : rules_(rules), place_(place), read_to_(place) {}

  // The next event, in the order of the ledger.
  void add(OutgoingEvent event);
  // The ledger was read up to here.
  void read_to(engine::Position position) { read_to_ = position; }
  [[nodiscard]] engine::Position read_to() const { return read_to_; }
  [[nodiscard]] std::size_t waiting() const { return events_.size(); }

  // The event to send now; null during a pause, or if there is none. Stays in its place until it is delivered or given
  // up.
  [[nodiscard]] const OutgoingEvent* due(Duration now) const;
  // When a pause ends, if one lasts.
  [[nodiscard]] std::optional<Duration> pauses_until(Duration now) const;

  // The event that was due was taken by the target.
  void delivered();
  // It was not. True: it has had its attempts, and is to be given up (after its dead letter is durable). `random`
  // spreads the pause between a half and the whole of its length, so that many hosts do not come back at once. The
  // pause grows with every failure of the target in a row, whichever event it was: who is dead is not asked more often
  // because many events wait.
  [[nodiscard]] bool failed(Duration now, std::uint64_t random);
  [[nodiscard]] unsigned attempts() const { return attempts_; }
  void given_up();

  // Up to here all events were delivered or given up: where to go on after a crash.
  [[nodiscard]] engine::Position place() const;

 private:
  void advance();

  DeliveryRules rules_;
  engine::Position place_, read_to_;
  std::deque<OutgoingEvent> events_;
  unsigned attempts_ = 0;         // of the first of them that failed
  unsigned failures_in_row_ = 0;  // of the target
  Duration pause_ends_{0};
};

}  // namespace autoheal::workflows
