#include "autoheal/workflows/supervision/pause_text.hpp"

namespace autoheal::workflows {

namespace {

template <class Unit>
std::string count_of(Duration left, const char* unit) {
  return std::to_string(std::chrono::ceil<Unit>(left).count()) + " " + unit;
}

std::string length_of(Duration left) {
  if (left <= std::chrono::seconds(90)) return count_of<std::chrono::seconds>(left, "s");
  if (left <= std::chrono::minutes(90)) return count_of<std::chrono::minutes>(left, "min");
  if (left <= std::chrono::hours(48)) return count_of<std::chrono::hours>(left, "h");
  return count_of<std::chrono::days>(left, "days");
}

}  // namespace

std::string until_text(Timestamp until, Timestamp now) {
  return "until " + format_timestamp_ms(until) +
         (until > now ? " (in " + length_of(until - now) + ")" : std::string(" (over by now)"));
}

}  // namespace autoheal::workflows
