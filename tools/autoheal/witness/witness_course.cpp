#include "tools/autoheal/witness/witness_course.hpp"

#include <algorithm>
#include <utility>

namespace autoheal::cli {

void WitnessCourse::look(Duration now) {
  if (!wanted_at_) wanted_at_ = now + rules_.settles;
}

std::optional<Duration> WitnessCourse::due() const {
  if (!wanted_at_) return std::nullopt;
  return std::max(*wanted_at_, not_before_);
}

bool WitnessCourse::named(std::uint64_t size, std::uint64_t old_size) {
  seen_ = size;
  return size != old_size;
}

void WitnessCourse::cosigned(std::uint64_t size) {
  seen_ = cosigned_ = size;
  failures_in_row_ = 0;
}

void WitnessCourse::failed(Duration now, std::uint64_t random) {
  cosigned_.reset();
  const Duration longest = std::max(rules_.longest_pause, rules_.every);
  Duration pause = rules_.every;
  for (unsigned count = 0; count < failures_in_row_ && pause < longest; ++count) pause *= 2;
  pause = std::min(pause, longest);
  ++failures_in_row_;
  const std::uint64_t more = random % (static_cast<std::uint64_t>(pause.count()) / 2 + 1);
  not_before_ = now + pause + Duration(static_cast<Duration::rep>(more));
  wanted_at_ = now;
}

bool WitnessTold::is_news(const Error& error) { return std::exchange(told_, error.kind) != error.kind; }

bool WitnessTold::is_over() { return std::exchange(told_, std::nullopt).has_value(); }

}  // namespace autoheal::cli
