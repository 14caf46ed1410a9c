#include "tools/autoheal/configuration/time_argument.hpp"

#include <gtest/gtest.h>

#include "autoheal/engine/base/durations.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::cli {
namespace {

std::string shown(const std::optional<Period>& period) {
  return period
             ? format_timestamp_ms(period->begin).substr(0, 10) + ".." + format_timestamp_ms(period->end).substr(0, 10)
             : "none";
}

TEST(TimeArgument, PeriodsAreYearsQuartersAndMonths) {
  EXPECT_EQ(shown(parse_period("2026")), "2026-01-01..2027-01-01");
  EXPECT_EQ(shown(parse_period("2026Q1")), "2026-01-01..2026-04-01");
  EXPECT_EQ(shown(parse_period("2026Q4")), "2026-10-01..2027-01-01");
  EXPECT_EQ(shown(parse_period("2026-02")), "2026-02-01..2026-03-01");
  EXPECT_EQ(shown(parse_period("2026-12")), "2026-12-01..2027-01-01");
  for (const char* none : {"", "202", "2026Q0", "2026Q5", "2026q1", "2026-00", "2026-13", "2026-1", "2026-011", "Q3",
                           "24h", "+026", "1969", "2026-09-01"})
    EXPECT_EQ(shown(parse_period(none)), "none") << none;
}

TEST(TimeArgument, SpansThatNobodyMeansAreNone) {
  EXPECT_EQ(parse_duration("8784h"), std::chrono::hours(366 * 24));
  for (const char* none : {"8785h", "4294967295h", "4000000000h", "4294967295.9h"})
    EXPECT_FALSE(parse_duration(none)) << none;
  EXPECT_EQ(parse_age("36500d"), std::chrono::hours(24) * 36'500);
  for (const char* none : {"36501d", "31622400d", "4294967295d"}) EXPECT_FALSE(parse_age(none)) << none;
  EXPECT_EQ(config::parse_size("16TiB"), 16ULL << 40U);
  for (const char* none : {"16777216TiB", "4294967295TiB", "4294967296"})
    EXPECT_FALSE(config::parse_size(none)) << none;
}

TEST(TimeArgument, APeriodIsItsFirstMoment) {
  const Timestamp now = *parse_timestamp("2026-11-24T12:00:00Z");
  const auto shown = [&](const char* text) {
    const auto time = parse_time_argument(text, now);
    return time ? format_timestamp_ms(*time) : "none";
  };
  EXPECT_EQ(shown("2026Q3"), "2026-07-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026-09"), "2026-09-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026"), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026-09-05"), "2026-09-05T00:00:00.000Z");
  EXPECT_EQ(shown("24h"), "2026-11-23T12:00:00.000Z");
  EXPECT_EQ(shown("90"), "2026-11-24T11:58:30.000Z");
  EXPECT_EQ(shown("yesterday"), "none");
}

}  // namespace
}  // namespace autoheal::cli
