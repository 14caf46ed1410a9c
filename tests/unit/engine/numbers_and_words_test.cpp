// Numbers, durations, placeholders and counts: text as people and programs write it.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/placeholders.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/base/system_error.hpp"

namespace autoheal {
namespace {

using namespace std::chrono_literals;

TEST(Numbers, AreAllOfTheirText) {
  EXPECT_EQ(parse_number<unsigned>("42"), 42U);
  EXPECT_EQ(parse_number<unsigned>("007"), 7U);
  EXPECT_EQ(parse_number<int>("-5"), -5);
  EXPECT_EQ(parse_number<std::uint32_t>("1aF", 16), 0x1AFU);
  EXPECT_EQ(parse_number<std::uint32_t>("0640", 8), 0640U);
  for (const char* none : {"", "-", "+1", " 1", "1 ", "1.5", "1e3", "0x1", "one", "1\n"})
    EXPECT_FALSE(parse_number<int>(none)) << none;
  EXPECT_FALSE(parse_number<unsigned>("-1"));
  EXPECT_FALSE(parse_number<unsigned>("8", 8));
  EXPECT_FALSE(parse_number<unsigned>(std::string_view("1\0", 2)));
}

TEST(Numbers, AreNoMoreThanTheirTypeHolds) {
  EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
  EXPECT_FALSE(parse_number<std::uint16_t>("65536"));
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(parse_number<std::uint64_t>("18446744073709551616"));
  EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(parse_number<std::int64_t>("9223372036854775808"));
}

TEST(Numbers, AreTakenOffTheBeginningOfAText) {
  std::string_view text = "12,5}";
  EXPECT_EQ(take_number<unsigned>(text), 12U);
  EXPECT_EQ(text, ",5}");
  EXPECT_FALSE(take_number<unsigned>(text));
  EXPECT_EQ(text, ",5}");
  std::string_view too_large = "70000 more";
  EXPECT_FALSE(take_number<std::uint16_t>(too_large));
  EXPECT_EQ(too_large, "70000 more");
  EXPECT_EQ(leading_number<int>("77\n", 8), 077);
  EXPECT_FALSE(leading_number<int>(""));
}

TEST(Durations, AreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.000001"), 1us);
  EXPECT_EQ(parse_duration("0.0005ms"), 0us);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("8784h"), 8784h);
  for (const char* none : {"", "s", ".5s", "1.", "1.s", "-1s", "+1s", "1 s", " 1s", "1d", "1e3", "1.1234567s", "1.-5s",
                           "8784.000001h", "4294967296s", "1S", "1,5s"})
    EXPECT_FALSE(parse_duration(none)) << none;
}

TEST(Durations, HaveOneShortestText) {
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(2h), "2h");
  EXPECT_EQ(duration_text(90min), "90m");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(1us), "0.000001s");
  EXPECT_EQ(duration_text(2s + 50us), "2.00005s");
}

TEST(Durations, AreReadFromTheirTextAsTheyWere) {
  for (const Duration one : std::vector<Duration>{0us, 1us, 999us, 1ms, 1001us, 1s, 59s, 60s, 61s, 3599s, 1h, 24h,
                                                  366 * 24h, 366 * 24h - 1us, 12'345'678'901us})
    EXPECT_EQ(parse_duration(duration_text(one)), one) << duration_text(one);
}

TEST(Placeholders, AreFilledInEverywhereAndOnlyOnce) {
  std::vector<std::string> arguments = {"check", "--file={file}", "{file}{file}", "{other} {fil", ""};
  fill_in(arguments, "{file}", "/a{file}");
  EXPECT_EQ(arguments, (std::vector<std::string>{"check", "--file=/a{file}", "/a{file}/a{file}", "{other} {fil", ""}));
  std::string text = "xx{a}x";
  fill_in(text, "{a}", "");
  EXPECT_EQ(text, "xxx");
}

TEST(Plurals, FollowTheCount) {
  EXPECT_EQ(plural(0, "heal"), "0 heals");
  EXPECT_EQ(plural(1, "heal"), "1 heal");
  EXPECT_EQ(plural(3, "entry", "entries"), "3 entries");
  EXPECT_EQ(plural(1, "entry", "entries"), "1 entry");
}

TEST(SystemErrors, SayWhatWasDoneAndWhyItFailed) {
  EXPECT_EQ(system_error(ErrorKind::unavailable, "writing it", ENOSPC),
            (Error{ErrorKind::unavailable, "writing it: No space left on device", {}}));
}

}  // namespace
}  // namespace autoheal
