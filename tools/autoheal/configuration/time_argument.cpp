#include "tools/autoheal/configuration/time_argument.hpp"

#include <string>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::cli {

namespace {

constexpr int longest_age_days = 36'500;  // a hundred years: no time before year 0 comes of it

Period months(unsigned year, unsigned first, unsigned count) {
  using namespace std::chrono;
  const year_month begin = std::chrono::year(static_cast<int>(year)) / month(first);
  const year_month end = begin + std::chrono::months(count);
  return {sys_days(begin / 1), sys_days(end / 1)};
}

}  // namespace

std::optional<Duration> parse_age(std::string_view text) {
  if (!text.ends_with('d')) return parse_duration(text);
  const auto days = parse_duration(text.substr(0, text.size() - 1));
  return days && *days <= std::chrono::seconds(longest_age_days) ? std::optional(*days * 86'400) : std::nullopt;
}

std::optional<Period> parse_period(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  const auto year = parse_number<unsigned>(text.substr(0, 4));
  if (!year || *year < 1970) return std::nullopt;  // smaller ones are ages in seconds
  const std::string_view rest = text.substr(4);
  if (rest.empty()) return months(*year, 1, 12);
  if (rest.size() == 2 && rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4')
    return months(*year, static_cast<unsigned>(rest[1] - '1') * 3 + 1, 3);
  const auto month = rest.size() == 3 && rest[0] == '-' ? parse_number<unsigned>(rest.substr(1)) : std::nullopt;
  if (!month || *month < 1 || *month > 12) return std::nullopt;
  return months(*year, *month, 1);
}

std::optional<Timestamp> parse_time_argument(std::string_view text, Timestamp now) {
  if (const auto time = parse_timestamp(text)) return time;
  if (const auto period = parse_period(text)) return period->begin;
  if (text.size() == 10) return parse_timestamp(std::string(text) + "T00:00:00Z");
  const auto age = parse_age(text);
  return age ? std::optional(now - *age) : std::nullopt;
}

}  // namespace autoheal::cli
