// The last lines of what a program printed: enough to see why it failed, and nothing that a terminal would obey.
#include "autoheal/workflows/effects/kept_output.hpp"

#include <gmock/gmock.h>

#include "autoheal/workflows/supervision/pause_text.hpp"
#include "autoheal/workflows/testing/no_secrets.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class NoSwordfish final : public testing::NoSecrets {
 public:
  [[nodiscard]] std::string mask(std::string_view text) const override {
    std::string masked(text);
    for (auto at = masked.find("swordfish"); at != std::string::npos; at = masked.find("swordfish"))
      masked.replace(at, 9, "***");
    return masked;
  }
};

class ToldByAProgram : public ::testing::Test {
 protected:
  RunFailure failed(const std::string& standard_output, const std::string& standard_error, int exit_code = 1) {
    RunOutcome ran;
    ran.started = true;
    ran.exit_code = exit_code;
    ran.standard_output = standard_output;
    ran.standard_error = standard_error;
    return failure_of(secrets_, ran);
  }

  NoSwordfish secrets_;
};

TEST_F(ToldByAProgram, IsWhatItSaidOnStderrElseOnStdout) {
  EXPECT_EQ(failed("working\n", "unit is masked\n").message, "exit status 1: unit is masked");
  EXPECT_EQ(failed("working\nno license\n", " \n\n").message, "exit status 1: working | no license");
  EXPECT_EQ(failed("", "").message, "exit status 1");
  EXPECT_THAT(failed("", "one\ntwo\n").last_lines, ElementsAre("one", "two"));
}

TEST_F(ToldByAProgram, HoldsNoSecretNotEvenInHalves) {
  const RunFailure told = failed("the password is sword", "fish, again swordfish\n");
  EXPECT_THAT(told.message, Not(HasSubstr("fish")));
  EXPECT_THAT(told.message, HasSubstr("***"));
}

TEST_F(ToldByAProgram, IsAFewLinesOfAKibibyteAtMost) {
  std::string much;
  for (unsigned line = 0; line < 1'000; ++line) much += "line " + std::to_string(line) + "\n";
  EXPECT_THAT(last_lines(much), SizeIs(8));
  EXPECT_EQ(last_lines(much).back(), "line 999");
  EXPECT_EQ(last_lines(much).front(), "... line 992");
  const LastLines long_line = last_lines("before\n" + std::string(5'000, 'x'));
  ASSERT_THAT(long_line, SizeIs(1));
  EXPECT_LE(long_line.front().size(), 1'024U);
  const LastLines of_two_bytes = last_lines(std::string("x") + std::string(3'000, '\xc3') + "\n");
  ASSERT_THAT(of_two_bytes, SizeIs(1));
}

TEST_F(ToldByAProgram, IsWhatATerminalWouldHaveShown) {
  EXPECT_THAT(last_lines("\x1b[31mfatal:\x1b[0m no space\x1b]0;title\a left\n"), ElementsAre("fatal: no space left"));
  EXPECT_THAT(last_lines("10%\r50%\r100%\r\n"), ElementsAre("100%"));
  EXPECT_THAT(last_lines("a\tb\x07\n"), ElementsAre("a b"));
  EXPECT_THAT(last_lines("\x1b"), IsEmpty());
  EXPECT_THAT(last_lines("\x1b[12;"), IsEmpty());
  EXPECT_THAT(last_lines("\r\n \n"), IsEmpty());
}

TEST(Pause, IsToldWithItsEndAndItsLength) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  const Timestamp now = *parse_timestamp("2026-11-23T12:00:00Z");
  EXPECT_EQ(until_text(now + seconds(20), now), "until 2026-11-23T12:00:20.000Z (in 20 s)");
  EXPECT_EQ(until_text(now + seconds(185), now), "until 2026-11-23T12:03:05.000Z (in 4 min)");
  EXPECT_EQ(until_text(now + hours(5), now), "until 2026-11-23T17:00:00.000Z (in 5 h)");
  EXPECT_EQ(until_text(now + hours(72), now), "until 2026-11-26T12:00:00.000Z (in 3 days)");
  EXPECT_EQ(until_text(now - seconds(1), now), "until 2026-11-23T11:59:59.000Z (over by now)");
}

}  // namespace
}  // namespace autoheal::workflows
