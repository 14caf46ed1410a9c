// Stops by hand, seen in the jobs of a real systemd: only in the machine of tests/independent/systemd_trial, whose
// units these tests may start and stop.
#include "tools/host/service/stop_watch.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "tools/host/process/process_runner.hpp"
#include "tools/host/service/systemd.hpp"

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;
using workflows::StopJudgement;

class StopWatchOnSystemd : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("AUTOHEAL_TRIAL_OF_SYSTEMD") == nullptr) GTEST_SKIP() << "needs a systemd of its own";
    unit("stopped", "PartOf=stopped-parent.service\nBindsTo=stopped-bound.service\nAfter=stopped-bound.service\n");
    unit("stopped-parent", "");
    unit("stopped-bound", "");
    unit("stopped-rival", "Conflicts=stopped.service\n");
    systemctl({"daemon-reload"});
    systemctl({"start", "stopped", "stopped-parent"});
    watch_.emplace(
        std::vector<std::string>{"stopped"},
        [this](const std::string& unit, const StopJudgement& judgement) {
          const std::lock_guard lock(mutex_);
          EXPECT_EQ(unit, "stopped") << "as it was given";
          told_.push_back(judgement);
          changed_.notify_all();
        },
        &own_,
        [this](const std::string&) {
          const std::lock_guard lock(mutex_);
          ++changes_;
          changed_.notify_all();
        },
        [this] {
          const std::lock_guard lock(mutex_);
          listens_ = true;
          changed_.notify_all();
        });
    ASSERT_TRUE(becomes_true(std::chrono::seconds(20), [this] { return listens_; }));
  }
  void TearDown() override { watch_.reset(); }

  static void unit(const std::string& name, const std::string& more) {
    std::ofstream("/run/systemd/system/" + name + ".service") << "[Unit]\n"
                                                              << more << "[Service]\nExecStart=/bin/sleep 1000\n";
  }
  static workflows::RunOutcome try_systemctl(std::vector<std::string> arguments) {
    workflows::RunRequest request;
    arguments.insert(arguments.begin(), "/usr/bin/systemctl");
    request.run.argv = std::move(arguments);
    request.run.timeout = std::chrono::seconds(60);
    return run_program(request);
  }
  static void systemctl(std::vector<std::string> arguments) {
    const auto ran = try_systemctl(std::move(arguments));
    ASSERT_EQ(ran.exit_code, 0) << ran.message << ran.standard_error;
  }
  // Asked again after each call of the watch.
  template <class Condition>
  bool becomes_true(std::chrono::seconds limit, const Condition& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, condition);
  }
  [[nodiscard]] bool was_told_by_hand(std::chrono::seconds limit = std::chrono::seconds(0)) {
    return becomes_true(limit, [this] { return std::ranges::any_of(told_, &StopJudgement::by_hand); });
  }
  // The newest that was told once `count` were.
  StopJudgement judgement(std::size_t count) {
    (void)becomes_true(std::chrono::seconds(20), [&] { return told_.size() >= count; });
    const std::lock_guard lock(mutex_);
    return told_.empty() ? StopJudgement{} : told_.back();
  }

  OwnOrders own_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StopJudgement> told_;
  unsigned changes_ = 0;
  bool listens_ = false;
  std::optional<StopWatch> watch_;
};

TEST_F(StopWatchOnSystemd, AStopByHandIsToldAndEndsWithAStart) {
  systemctl({"stop", "stopped"});
  EXPECT_TRUE(judgement(1).by_hand) << judgement(1).why;
  systemctl({"start", "stopped"});
  EXPECT_FALSE(judgement(2).by_hand);
}

TEST_F(StopWatchOnSystemd, AStopOfARepairIsNone) {
  workflows::RunRequest request;
  request.run.argv = {"/usr/bin/systemctl", "stop", "stopped"};
  request.run.unit = "stopped";
  ASSERT_EQ(order_unit(request, run_program, &own_).exit_code, 0);
  EXPECT_THAT(judgement(1).why, HasSubstr("a repair stopped it"));
}

TEST_F(StopWatchOnSystemd, ARestartIsNone) {
  systemctl({"restart", "stopped"});
  EXPECT_FALSE(judgement(1).by_hand);
}

// It stops for its restart, and stays down: nobody wanted that.
TEST_F(StopWatchOnSystemd, ARestartThatItsStartLimitRefusesIsNone) {
  unit("stopped", "StartLimitIntervalSec=600\nStartLimitBurst=2\n");
  systemctl({"daemon-reload"});
  std::size_t restarts = 1;
  while (restarts < 10 && try_systemctl({"restart", "stopped"}).exit_code == 0) ++restarts;
  EXPECT_LT(restarts, 10U);
  EXPECT_FALSE(judgement(restarts).by_hand) << judgement(restarts).why;
  EXPECT_FALSE(was_told_by_hand());
  (void)try_systemctl({"reset-failed", "stopped"});
}

// However fast: the kinds of its jobs may not be seen.
TEST_F(StopWatchOnSystemd, ACrashAfterEachOfItsStartsIsNone) {
  std::ofstream("/run/systemd/system/stopped.service") << "[Service]\nExecStart=/bin/false\nRestart=on-failure\n"
                                                       << "RestartSec=1ms\n";
  systemctl({"daemon-reload"});
  (void)try_systemctl({"restart", "stopped"});
  EXPECT_FALSE(judgement(4).by_hand) << judgement(4).why;
  EXPECT_FALSE(was_told_by_hand());
  (void)try_systemctl({"stop", "stopped"});
  (void)try_systemctl({"reset-failed", "stopped"});
}

TEST_F(StopWatchOnSystemd, ThatItIsInAnotherStateIsToldWithoutAJob) {
  systemctl({"kill", "--signal=SEGV", "stopped"});
  EXPECT_TRUE(becomes_true(std::chrono::seconds(20), [this] { return changes_ > 0; }));
}

TEST_F(StopWatchOnSystemd, ItStopsWithWhatItIsAPartOf) {
  systemctl({"stop", "stopped-parent"});
  EXPECT_FALSE(judgement(1).by_hand);
  EXPECT_THAT(judgement(1).why, HasSubstr("it stops with stopped-parent.service"));
}

TEST_F(StopWatchOnSystemd, ItStopsForItsRival) {
  systemctl({"start", "stopped-rival"});
  EXPECT_THAT(judgement(1).why, HasSubstr("it stops for stopped-rival.service"));
  systemctl({"stop", "stopped-rival"});
}

TEST_F(StopWatchOnSystemd, ItStopsWhenWhatItIsBoundToEnds) {
  systemctl({"kill", "stopped-bound"});
  EXPECT_THAT(judgement(1).why, HasSubstr("bound to stopped-bound.service"));
}

TEST_F(StopWatchOnSystemd, AfterSystemdExecutedItselfAnewItGoesOn) {
  systemctl({"daemon-reexec"});
  // Events of systemd from a time without a connection are not known.
  for (int tries = 0; tries < 20; ++tries) {
    systemctl({"stop", "stopped"});
    if (was_told_by_hand(std::chrono::seconds(2))) return;
    systemctl({"start", "stopped"});
  }
  FAIL() << "no stop was seen any more";
}

}  // namespace
}  // namespace autoheal::host
