#include "tools/autoheal/time_argument.hpp"

#include <gtest/gtest.h>

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
