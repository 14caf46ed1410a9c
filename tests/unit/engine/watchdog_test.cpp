// A daemon that silently stops: an observer must see that, and must not cry wolf.
#include "autoheal/engine/watchdog.hpp"

#include <gtest/gtest.h>

namespace autoheal::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration every = seconds(2);

// A loop that is looked at every two seconds and may not stand still for more than ten.
class WatchedLoop : public ::testing::Test {
 protected:
  // Time passes; the loop answers each question with what `pulse` says, or not at all.
  void pass(Duration time, const std::optional<Pulse>& pulse) {
    for (const Duration end = now_ + time; now_ < end;) {
      now_ += every;
      (void)dog_.ask(now_);
      if (pulse) alive_ = dog_.answered(*pulse, now_);
      if (auto finding = dog_.look(now_)) findings_.push_back(*finding);
    }
  }

  Watchdog dog_{seconds(10)};
  Duration now_{hours(1)};
  bool alive_ = false;
  std::vector<Watchdog::Finding> findings_;
};

TEST_F(WatchedLoop, ThatWorksOrHasNothingToDoIsAlive) {
  for (std::uint64_t turns = 1; turns <= 100; ++turns) pass(every, Pulse{turns, true});
  EXPECT_TRUE(alive_);
  pass(hours(1), Pulse{100, false});
  EXPECT_TRUE(alive_);
  EXPECT_TRUE(findings_.empty());
}

TEST_F(WatchedLoop, ThatDoesNotAnswerIsToldOnceAndThatItGoesOn) {
  pass(minutes(1), Pulse{7, false});
  pass(minutes(5), std::nullopt);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_TRUE(findings_[0].stalled);
  EXPECT_FALSE(findings_[0].answers);
  EXPECT_GT(findings_[0].time, seconds(10));
  EXPECT_TRUE(dog_.stalled());
  pass(minutes(1), Pulse{7, false});
  ASSERT_EQ(findings_.size(), 2U);
  EXPECT_FALSE(findings_[1].stalled);
  EXPECT_EQ(findings_[1].time, minutes(5));
  EXPECT_EQ(dog_.longest_stall(), minutes(5));
  EXPECT_EQ(dog_.stalls(), 1U);
  EXPECT_FALSE(dog_.stalled());
}

TEST_F(WatchedLoop, ThatAnswersButLeavesItsWorkIsNotAlive) {
  pass(seconds(8), Pulse{7, true});
  EXPECT_TRUE(alive_) << "it may be about to";
  pass(seconds(20), Pulse{7, true});
  EXPECT_FALSE(alive_);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_TRUE(findings_[0].stalled && findings_[0].answers);
  pass(every, Pulse{8, true});
  EXPECT_TRUE(alive_);
  ASSERT_EQ(findings_.size(), 2U);
  EXPECT_FALSE(findings_[1].stalled);
}

TEST_F(WatchedLoop, ThatIsSlowWithinItsLimitIsNoStall) {
  for (int round = 0; round < 10; ++round) {
    pass(seconds(8), std::nullopt);
    pass(every, Pulse{7, false});
  }
  EXPECT_TRUE(findings_.empty());
}

TEST_F(WatchedLoop, IsNotAskedAgainBeforeItAnswers) {
  EXPECT_TRUE(dog_.ask(now_));
  EXPECT_FALSE(dog_.ask(now_ + every));
  (void)dog_.answered({1, false}, now_ + every);
  EXPECT_TRUE(dog_.ask(now_ + 2 * every));
}

// A host that slept, a process that was frozen: nobody looked meanwhile, and nobody could answer.
TEST_F(WatchedLoop, Case116_ThatWasFrozenWithItsWatcherIsNoStall) {
  pass(seconds(4), Pulse{7, false});
  EXPECT_TRUE(dog_.ask(now_));
  now_ += minutes(10);
  EXPECT_FALSE(dog_.look(now_).has_value());
  pass(seconds(8), std::nullopt);
  EXPECT_TRUE(findings_.empty()) << "thawed, it has its whole limit again";
  pass(seconds(8), std::nullopt);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_LT(findings_[0].time, minutes(1)) << "the time in the ice is not counted";
}

}  // namespace
}  // namespace autoheal::engine
