#include "autoheal/workflows/supervision/delivery_course.hpp"

#include <algorithm>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

void DeliveryCourse::add(OutgoingEvent event) {
  AUTOHEAL_CHECK(event.position > place_ && (events_.empty() || event.position >= events_.back().position));
  events_.push_back(std::move(event));
}

const OutgoingEvent* DeliveryCourse::due(Duration now) const {
  return events_.empty() || now < pause_ends_ ? nullptr : &events_.front();
}

std::optional<Duration> DeliveryCourse::pauses_until(Duration now) const {
  return now < pause_ends_ ? std::optional(pause_ends_) : std::nullopt;
}

void DeliveryCourse::delivered() {
  failures_in_row_ = 0;
  pause_ends_ = Duration{0};
  advance();
}

bool DeliveryCourse::failed(Duration now, std::uint64_t random) {
  AUTOHEAL_CHECK(!events_.empty());
  ++attempts_;
  Duration pause = rules_.first_pause;
  for (unsigned count = 0; count < failures_in_row_ && pause < rules_.longest_pause; ++count) pause *= 2;
  pause = std::min(pause, rules_.longest_pause);
  ++failures_in_row_;
  const std::uint64_t half = static_cast<std::uint64_t>(pause.count()) / 2;
  const std::uint64_t spread = half + random % (half + 1);
  pause_ends_ = now + Duration(static_cast<Duration::rep>(spread));
  return attempts_ >= rules_.most_attempts;
}

void DeliveryCourse::given_up() { advance(); }

void DeliveryCourse::advance() {
  AUTOHEAL_CHECK(!events_.empty());
  attempts_ = 0;
  place_ = events_.front().position;
  events_.pop_front();
}

// One entry may give two events: while the second waits, the entry is not done.
engine::Position DeliveryCourse::place() const {
  if (events_.empty()) return std::max(place_, read_to_);
  return {events_.front().position.value - 1};
}

}  // namespace autoheal::workflows
