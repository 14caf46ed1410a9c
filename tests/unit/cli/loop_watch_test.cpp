// The daemon's loop stands still: it cannot say so itself, so the thread beside it does.
#include "tools/autoheal/daemon/loop_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"

namespace autoheal::cli {
namespace {

using std::chrono::seconds;

class WatchOverALoop : public ::testing::Test {
 protected:
  LoopWatchPorts ports(const engine::Clock& clock) {
    return {.loop = loop_.get_executor(),
            .clock = clock,
            .pulse = [this] { return pulse_; },
            .progressed = [this] { ++progressed_; },
            .activity = [] { return std::string("a commit"); },
            .warning = [this](const std::string& sentence) { warnings_.push_back(sentence); }};
  }
  // Two seconds go by and the watch looks; the loop has its turn, or stands still.
  void round(LoopWatch& watch, bool loop_runs) {
    clock_.advance(seconds(2));
    watch.look();
    loop_.restart();
    if (loop_runs) loop_.poll();
  }

  engine::testing::FakeClock clock_;
  boost::asio::io_context loop_{1};
  engine::Pulse pulse_;
  int progressed_ = 0;
  std::vector<std::string> warnings_;
};

TEST_F(WatchOverALoop, ThatRunsTellsItsProgressAndWarnsOfNothing) {
  LoopWatch watch(ports(clock_), seconds(10));
  for (int look = 0; look < 100; ++look) round(watch, true);
  EXPECT_EQ(progressed_, 100);
  EXPECT_TRUE(warnings_.empty());
  EXPECT_EQ(watch.record().stalls, 0U);
}

TEST_F(WatchOverALoop, ThatStandsStillIsWarnedOfOnceWithWhatItIsAtAndTellsNoProgress) {
  LoopWatch watch(ports(clock_), seconds(10));
  round(watch, true);
  for (int look = 0; look < 60; ++look) round(watch, false);
  EXPECT_EQ(progressed_, 1);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0], "the healer has stood still for 12 s; its loop is at: a commit");
  for (int look = 0; look < 3; ++look) round(watch, true);
  EXPECT_EQ(progressed_, 4) << "one question was open all the time";
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_EQ(warnings_[1], "the healer goes on after it stood still for 120 s");
  EXPECT_EQ(watch.record().stalls, 1U);
  EXPECT_EQ(watch.record().longest, seconds(120));
}

TEST_F(WatchOverALoop, ThatAnswersButLeavesItsWorkTellsNoProgressEither) {
  LoopWatch watch(ports(clock_), seconds(10));
  pulse_ = {.turns = 5, .work_due = true};
  for (int look = 0; look < 30; ++look) round(watch, true);
  EXPECT_LT(progressed_, 10);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0], "work has been waiting for 12 s; its loop is at: a commit");
}

TEST_F(WatchOverALoop, MayGoBeforeItsQuestionIsAnswered) {
  auto watch = std::make_unique<LoopWatch>(ports(clock_), seconds(10));
  watch->look();
  watch.reset();
  loop_.poll();
  EXPECT_EQ(progressed_, 0);
}

// With a thread and a loop of real time: the loop is blocked until the warning has come.
TEST_F(WatchOverALoop, WarnsFromAThreadOfItsOwn) {
  const engine::SystemClock clock;
  std::promise<std::string> warned;
  auto with_thread = ports(clock);
  bool first = true;
  with_thread.warning = [&](const std::string& sentence) {
    if (std::exchange(first, false)) warned.set_value(sentence);
  };
  LoopWatch watch(std::move(with_thread), std::chrono::milliseconds(50));
  boost::asio::post(loop_, [&] {
    const std::string sentence = warned.get_future().get();
    EXPECT_NE(sentence.find("stood still"), std::string::npos) << sentence;
  });
  watch.begin(std::chrono::milliseconds(5));
  loop_.run();
}

}  // namespace
}  // namespace autoheal::cli
