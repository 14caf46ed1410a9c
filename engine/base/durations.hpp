// Durations as people write them, the same in the configuration, on the command line and in questions to the past.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal {

// "250ms", "5s", "2m", "1h", or seconds as a number; the number may have up to six decimals, as in "1.5s", and what is
// finer than a microsecond is cut off. Empty for anything else: a sign, blanks, more than 366 days.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

// The shortest text that parse_duration() reads as `duration`, in the largest unit of which it is a whole number:
// "2m", "90s", "1500ms", "0s"; seconds with decimals where it is no whole number of milliseconds. Not negative.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace autoheal
