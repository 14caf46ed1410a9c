#include "tools/autoheal/time_argument.hpp"

#include <string>

#include "tools/config/scalars.hpp"

namespace autoheal::cli {

std::optional<Duration> parse_age(std::string_view text) {
  if (!text.ends_with('d')) return config::parse_duration(text);
  const auto days = config::parse_duration(text.substr(0, text.size() - 1));
  return days ? std::optional(*days * 86'400) : std::nullopt;
}

std::optional<Timestamp> parse_time_argument(std::string_view text, Timestamp now) {
  if (const auto time = parse_timestamp(text)) return time;
  if (text.size() == 10) return parse_timestamp(std::string(text) + "T00:00:00Z");
  const auto age = parse_age(text);
  return age ? std::optional(now - *age) : std::nullopt;
}

}  // namespace autoheal::cli
