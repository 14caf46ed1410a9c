// The small values everything stands on: times, ids, digests, quoted text, waits.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <set>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/wake_queue.hpp"

namespace autoheal {
namespace {

TEST(Timestamps, HaveOneTextWithSixDigits) {
  const auto time = parse_timestamp("2026-11-23T12:34:56.123456Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_timestamp(*time), "2026-11-23T12:34:56.123456Z");
  EXPECT_EQ(format_timestamp_ms(*time), "2026-11-23T12:34:56.123Z");
}

TEST(Timestamps, AreReadWithAnyOffsetAndFraction) {
  EXPECT_EQ(format_timestamp(*parse_timestamp("2026-11-23T13:34:56+01:00")), "2026-11-23T12:34:56.000000Z");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2026-11-23T12:34:56.123456789Z")), "2026-11-23T12:34:56.123456Z");
}

TEST(Timestamps, AreReadInTheSpellingsThatOthersWrite) {
  for (const char* text : {"2026-11-23t12:34:56z", "2026-11-23 12:34:56Z", "2026-11-23 12:34:56.0-00:00",
                           "2026-11-22T12:34:56-24:00", "2026-11-23T12:34:56.000000000Z"}) {
    const auto time = parse_timestamp(text);
    EXPECT_EQ(time.has_value(), std::string_view(text).find("-24:00") == std::string_view::npos) << text;
    if (time) {
      EXPECT_EQ(format_timestamp(*time), "2026-11-23T12:34:56.000000Z") << text;
    }
  }
}

TEST(Timestamps, RefuseWhatIsNone) {
  for (const char* text : {"",
                           "2026-11-23",
                           "2026-13-23T12:34:56Z",
                           "2026-02-30T12:34:56Z",
                           "2026-11-23T24:34:56Z",
                           "2026-11-23T12:34:56",
                           "2026-11-23T12:34:56.Z",
                           "x2026-11-23T12:34:56Z",
                           "2026-11-23T12:34:56.123",
                           "2026-11-23T12:34:56.1234567890Z",
                           "2026-11-23T12:34:56.12x",
                           "2026-11-23T12:34:56.12/Z",
                           "2026-11-23T12:34:56+1",
                           "2026-11-23T12:34:56+0100",
                           "2026-11-23T12:34:56+01:0",
                           "2026-11-23T12:34:56-01:xx",
                           "2026-11-23T12:34:56+24:00",
                           "2026-11-23T12:34:56+01:60",
                           "2026-11-23x12:34:56Z",
                           "2026-11-23T12:34:56Zx",
                           "2026-11-23T12:34:61Z",
                           "2026-11-23T12:60:56Z",
                           "2026/11-23T12:34:56Z",
                           "2026-11/23T12:34:56Z",
                           "2026-11-23T12-34:56Z",
                           "2026-11-23T12:34-56Z",
                           "2026-11-2:T12:34:56Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(Timestamps, StayInTheYearsThatATextHasRoomFor) {
  for (const char* text : {"0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"})
    EXPECT_EQ(format_timestamp(parse_timestamp(text).value()), text);
  for (const char* text : {"0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

// Sets the zone of this process as an administrator could.
class InZone {
 public:
  explicit InZone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~InZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  InZone(const InZone&) = delete;
  InZone& operator=(const InZone&) = delete;
};

TEST(Timestamps, Case119_AtOddMomentsAndInAnyZoneTheirTextHasItsFixedForm) {
  for (const char* zone : {"UTC", "America/St_Johns", "Europe/Berlin", "Pacific/Apia", "right/UTC", "nonsense"}) {
    const InZone here(zone);
    for (const char* text :
         {"0001-01-01T00:00:00.000000Z", "1901-12-13T20:45:51.999999Z", "1969-12-31T23:59:59.999999Z",
          "1970-01-01T00:00:00.000000Z", "2000-02-29T23:59:59.999999Z", "2016-12-31T23:59:59.999999Z",
          "2026-03-29T01:30:00.000000Z", "2026-10-25T01:30:00.000000Z", "2038-01-19T03:14:07.999999Z",
          "2038-01-19T03:14:08.000000Z", "2106-02-07T06:28:16.000000Z", "2232-01-01T00:00:00.000000Z"}) {
      const auto time = parse_timestamp(text);
      ASSERT_TRUE(time) << text;
      EXPECT_EQ(format_timestamp(*time), text) << zone;
    }
  }
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999999Z")->time_since_epoch(), Duration(-1));
  EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), parse_timestamp("2017-01-01T00:00:00Z"))
      << "a leap second is the next minute's first";
}

TEST(Ids, AreReadOnlyInTheirCanonicalForm) {
  const std::string text = "01890000-0000-7000-8000-00000000000a";
  EXPECT_EQ(to_string(*parse_uuid(text)), text);
  EXPECT_FALSE(parse_uuid("01890000-0000-7000-8000-00000000000A"));
  EXPECT_FALSE(parse_uuid("0189000000007000800000000000000a"));
}

TEST(Ids, Case117_GrowEvenWhereTheClockStandsStillOrRunsBack) {
  engine::testing::FakeClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids(clock, randomness);
  Uuid last = ids.next();
  for (int number = 0; number < 20'000; ++number) {
    if (number == 10'000) clock.set_wall(clock.now() - std::chrono::hours(1));
    const Uuid next = ids.next();
    ASSERT_GT(next, last);
    ASSERT_EQ(next.bytes[6] >> 4, 7);
    ASSERT_EQ(next.bytes[8] >> 6, 2);
    last = next;
  }
}

TEST(Ids, Case119_GrowOverTheYearsFromBefore1970) {
  engine::testing::FakeClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids(clock, randomness);
  Uuid last{};
  for (const char* text : {"1965-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z",
                           "2026-11-23T00:00:00Z", "2038-01-19T03:14:08Z", "2232-01-01T00:00:00Z"}) {
    clock.set_wall(*parse_timestamp(text));
    for (int number = 0; number < 10'000; ++number) {
      const Uuid next = ids.next();
      ASSERT_GT(next, last) << text << " " << number;
      last = next;
    }
  }
}

TEST(Digests, AreThoseOfTheStandards) {
  EXPECT_EQ(sha256_name("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  Sha256Stream stream;
  stream.update("a", 1);
  stream.update("bc", 2);
  EXPECT_EQ(stream.finish(), sha256("abc"));
}

TEST(QuotedText, EscapesOnlyWhatMustBeAndReplacesWhatIsNoText) {
  std::string out;
  append_quoted(out, "a\"b\\c\nd/é\xff");
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\u000ad/é\xEF\xBF\xBD\"");
}

TEST(SystemClock, RunsForwardSinceBoot) {
  const engine::SystemClock clock;
  const Duration before = clock.since_boot();
  EXPECT_GE(clock.since_boot(), before);
  EXPECT_GT(clock.now(), Timestamp(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
}

}  // namespace
}  // namespace autoheal
