// Times and periods as people write them on the command line.
#pragma once

#include <optional>
#include <string_view>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

// A time span such as 250ms, 90 (seconds), 2h or 7d.
[[nodiscard]] std::optional<Duration> parse_age(std::string_view text);

struct Period {
  Timestamp begin, end;  // `end` is excluded
  friend bool operator==(const Period&, const Period&) = default;
};
// A year, a quarter or a month, UTC: 2026, 2026Q3, 2026-09. Empty for anything else.
[[nodiscard]] std::optional<Period> parse_period(std::string_view text);

// RFC 3339, a date or a period (its first moment, UTC), or an age before `now` such as 24h or 7d. Empty for anything
// else.
[[nodiscard]] std::optional<Timestamp> parse_time_argument(std::string_view text, Timestamp now);

}  // namespace autoheal::cli
