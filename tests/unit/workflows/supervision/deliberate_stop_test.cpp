#include "autoheal/workflows/service/deliberate_stop.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class DeliberateStop : public ::testing::Test {
 protected:
  DeliberateStop() {
    seen_.unit = "app.service";
    seen_.inactive = true;
    seen_.jobs = {{"app.service", "stop", 10s}};
  }
  bool by_hand() const { return judge_stop(seen_).by_hand; }
  std::string why() const { return judge_stop(seen_).why; }

  StopSeen seen_;
};

TEST_F(DeliberateStop, IsAStopJobThatNothingElseExplains) { EXPECT_TRUE(by_hand()); }

TEST_F(DeliberateStop, IsNotWhatEndedByItself) {
  seen_.jobs = {};
  EXPECT_FALSE(by_hand());
  EXPECT_THAT(why(), HasSubstr("no job to stop it"));
}

TEST_F(DeliberateStop, IsOverWhenItRunsOrIsStartedAgain) {
  seen_.inactive = false;
  EXPECT_FALSE(by_hand());
  seen_.inactive = true;
  seen_.jobs.push_back({"app.service", "start", 12s});
  EXPECT_FALSE(by_hand()) << "it was started since, and ended";
}

TEST_F(DeliberateStop, IsNoRestartThatFailed) {
  seen_.jobs = {{"app.service", "restart", 10s}};
  EXPECT_FALSE(by_hand());
}

TEST_F(DeliberateStop, OfAnUnseenKindCountsWhereItLeftTheUnitInactive) {
  seen_.jobs = {{"app.service", "", 10s, true}};
  EXPECT_TRUE(by_hand());
}

// Started by Restart= or by hand, and gone again; or restarted more often than its start limit allows.
TEST_F(DeliberateStop, OfAnUnseenKindIsNoneWhereTheUnitRanAfterItOrItWasRefused) {
  seen_.jobs = {{"app.service", "", 10s, false}};
  EXPECT_FALSE(by_hand());
  seen_.jobs = {{"app.service", "", 8s, true}, {"app.service", "", 10s, false}};
  EXPECT_FALSE(by_hand()) << "the newest counts";
}

TEST_F(DeliberateStop, IsNotMeantWhereAnotherUnitPulledItDown) {
  seen_.ties.stops_with = {"parent.service"};
  seen_.jobs.push_back({"parent.service", "stop", 10s});
  EXPECT_THAT(why(), HasSubstr("it stops with parent.service"));
  seen_.jobs.back().kind = "restart";
  EXPECT_FALSE(by_hand());
  seen_.jobs.back().kind = "start";
  EXPECT_TRUE(by_hand());
  seen_.jobs.back() = {"parent.service", "stop", 30s};
  EXPECT_TRUE(by_hand()) << "that was another time";
  seen_.jobs.back() = {"stranger.service", "stop", 10s};
  EXPECT_TRUE(by_hand()) << "nothing ties them: two were stopped at once";
}

TEST_F(DeliberateStop, IsNotMeantWhereItMadeRoomForAnother) {
  seen_.ties.stops_for = {"other.service"};
  seen_.jobs.push_back({"other.service", "start", 10s});
  EXPECT_THAT(why(), HasSubstr("it stops for other.service"));
}

TEST_F(DeliberateStop, IsNotTheEndOfTheSystemNorAnUpgrade) {
  seen_.jobs.push_back({"shutdown.target", "start", 10s});
  EXPECT_FALSE(by_hand());
  seen_.jobs.pop_back();
  seen_.system_stops = true;
  EXPECT_FALSE(by_hand());
  seen_.system_stops = false;
  EXPECT_FALSE(judge_stop(seen_).for_packages);
  seen_.packages_are_changed = true;
  EXPECT_FALSE(by_hand());
  EXPECT_TRUE(judge_stop(seen_).for_packages);
  seen_.ordered_by_us = true;
  EXPECT_FALSE(judge_stop(seen_).for_packages) << "it is a repair's, whatever packages do";
}

TEST_F(DeliberateStop, IsNotAStepOfARepair) {
  seen_.ordered_by_us = true;
  EXPECT_FALSE(by_hand());
}

TEST_F(DeliberateStop, IsNotWhatSystemdStopsByItself) {
  seen_.ties.bound_and_gone = {"dev-sdb.device"};
  EXPECT_FALSE(by_hand());
  seen_.ties.bound_and_gone = {};
  seen_.ties.stops_when_unneeded = true;
  EXPECT_FALSE(by_hand());
}

}  // namespace
}  // namespace autoheal::workflows
