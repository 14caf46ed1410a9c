// Points in time and their one fixed text form. Durations everywhere are whole microseconds: no float enters a ledger.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace autoheal {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// "2026-11-23T12:34:56.123456Z" (RFC 3339, UTC, six digits), for any year from 0000 to 9999.
[[nodiscard]] std::string format_timestamp(Timestamp time);
void append_timestamp(std::string& text, Timestamp time);
// "2026-11-23T12:34:56.123Z", the form of bus payloads.
[[nodiscard]] std::string format_timestamp_ms(Timestamp time);
// Reads exactly what format_timestamp writes, and RFC 3339 with 0 to 9 fraction digits and any offset; digits past six
// are cut. Empty for anything else, and for a moment outside of those years in UTC.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);

}  // namespace autoheal
