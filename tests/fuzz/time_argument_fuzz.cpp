// Times, ages and sizes as people write them: a time is one that can be written, a span and a size are what they say.
#include "autoheal/engine/base/durations.hpp"
#include "tests/fuzz/property.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/config/texts/scalars.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

void check_time(std::string_view text) {
  const Timestamp now = *parse_timestamp("2026-11-24T12:00:00Z");
  const auto time = cli::parse_time_argument(text, now);
  if (time) require(parse_timestamp(format_timestamp(*time)) == *time, "a time can be written and read again", text);
  if (const auto stamp = parse_timestamp(text))
    require(parse_timestamp(format_timestamp(*stamp)) == *stamp, "RFC 3339 can be written and read again", text);
  const auto period = cli::parse_period(text);
  if (period) require(period->begin < period->end && period->begin == *time, "a period begins before it ends", text);
}

void check_spans(std::string_view text) {
  const auto span = parse_duration(text);
  if (span) {
    require(*span >= Duration(0) && *span <= std::chrono::hours(24 * 366), "a duration is at most a year", text);
    require(parse_duration(std::to_string(span->count() / 1'000'000) + "s") ==
                std::chrono::floor<std::chrono::seconds>(*span),
            "a duration reads as what it says", text);
  }
  const auto age = cli::parse_age(text);
  if (age) require(*age >= Duration(0), "an age is not negative", text);
}

void check_numbers(std::string_view text) {
  const auto bytes = config::parse_size(text);
  const auto number = config::parse_size(text.substr(0, text.find_first_not_of("0123456789")));
  if (bytes) require(number && *bytes >= *number, "a unit makes a size no smaller", text);
  const auto mode = config::parse_mode(text);
  if (mode) require(*mode <= 07777, "a mode has twelve bits", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_time(text);
  check_spans(text);
  check_numbers(text);
  return 0;
}
