// Brakes that keep the daemon from healing too eagerly: cooldown, flapping, holds, and files that somebody is at work
// on.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WatchBrakes, NothingIsHealedWhileSwitchedOffHeldOrOnlyObserved) {
  for (const std::string reason : {"disabled", "held", "observe"}) {
    EngineSpec spec = engine("A");
    spec.healing.observe_only = reason == "observe";
    Machine machine = under_test(spec);
    machine.switches = {reason != "disabled", reason == "held"};
    for (unsigned round = 0; round < 3; ++round) {
      machine.fails("A");
      if (round == 0) {
        EXPECT_THAT(machine.acts(), ElementsAre("skip A " + reason));
      } else {
        EXPECT_THAT(machine.acts(), IsEmpty()) << "told once, but tests go on";
      }
      machine.wait_for_wake();
      EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    }
    EXPECT_EQ(machine.watch.seen("A")->skipped, reason);
    machine.fails("A", {"config", "env"});
    EXPECT_THAT(machine.acts(), ElementsAre("skip A " + reason)) << "another cause";
  }
}

TEST(WatchBrakes, AnEngineCanBeSwitchedOffByItself) {
  EngineSpec spec = engine("A");
  spec.healing.enabled = false;
  Machine machine = under_test(spec);
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A disabled"));
}

TEST(WatchBrakes, AfterAHoldTheFailureIsHealed) {
  Machine machine = under_test(engine("A"));
  machine.switches.held = true;
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A held"));
  machine.switches.held = false;
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchBrakes, AHoldThatCameAfterTheTestIsToldOnce) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.ended("A", HealEnding::skipped, "held");  // the trigger told the ledger
  EXPECT_EQ(machine.watch.seen("A")->skipped, "held");
  machine.switches.held = true;
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
}

TEST(WatchBrakes, AfterAnExhaustedHealThereIsAPauseThatGrows) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  for (const Duration pause : {minutes(5), minutes(10), minutes(20), minutes(40), minutes(60), minutes(60)}) {
    ASSERT_THAT(machine.acts(), ElementsAre("heal A"));
    machine.exhausted("A");
    EXPECT_THAT(machine.failing_again("A"), ElementsAre("skip A cooldown"));
    machine.wait(pause - seconds(1));
    EXPECT_THAT(machine.failing_again("A"), IsEmpty());
    machine.wait(seconds(1));
    EXPECT_THAT(machine.acts(), ElementsAre("test A")) << "when the pause is over";
    machine.fails("A");
  }
}

TEST(WatchBrakes, APassAResetOrANewConfigurationEndsThePause) {
  for (const std::string what : {"pass", "reset", "reset of all", "configuration"}) {
    EngineSpec spec = engine("A");
    Machine machine = under_test(spec);
    machine.fails("A");
    EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
    machine.exhausted("A");
    machine.wait(seconds(1));
    if (what == "pass") {
      machine.watch.look("A", LookCause::asked, machine.now);
      EXPECT_THAT(machine.acts(), ElementsAre("test A"));
      machine.passes("A");
      machine.watch.look("A", LookCause::asked, machine.now);
    } else if (what == "configuration") {
      spec.every = seconds(31);
      machine.configure({spec});
    } else {
      machine.watch.reset(what == "reset" ? "A" : "", machine.now);
    }
    EXPECT_THAT(machine.acts(), ElementsAre("test A")) << what;
    machine.fails("A");
    EXPECT_THAT(machine.acts(), ElementsAre("heal A")) << what;
  }
}

TEST(WatchBrakes, AnEndThatIsToldTwiceCountsOnce) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.exhausted("A");
  machine.exhausted("A");
  machine.wait(minutes(5));
  EXPECT_THAT(machine.failing_again("A"), ElementsAre("heal A"));
}

TEST(WatchBrakes, AboveTheHourlyLimitOneEndsAsFlappingThenQuiet) {
  EngineSpec spec = engine("A");
  spec.healing.max_heals_per_hour = 3;
  Machine machine = under_test(spec);
  machine.fails("A");
  for (unsigned heal = 0; heal < 3; ++heal) {
    ASSERT_THAT(machine.acts(), ElementsAre("heal A"));
    machine.certified("A");
    machine.wait(minutes(1));
    machine.watch.look("A", LookCause::asked, machine.now);
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    machine.fails("A");
  }
  EXPECT_THAT(machine.acts(), ElementsAre("heal A flapping"));
  machine.ended("A", HealEnding::never_began, "flapping");
  machine.wait(minutes(30));
  EXPECT_THAT(machine.failing_again("A"), IsEmpty());
  EXPECT_EQ(machine.watch.seen("A")->skipped, "flapping");
  machine.wait(minutes(30));
  EXPECT_THAT(machine.acts(), ElementsAre("test A")) << "when the quiet is over";
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchBrakes, WhatCouldNotBeRecordedIsTriedAgainSoonAndDrawsNone) {
  EngineSpec spec = engine("A");
  spec.healing.max_heals_per_hour = 3;
  Machine machine = under_test(spec);
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  for (unsigned tries = 0; tries < 20; ++tries) {
    machine.ended("A", HealEnding::never_began, std::string(not_recorded));
    EXPECT_EQ(machine.watch.seen("A")->skipped, not_recorded);
    machine.wait(seconds(5));
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    machine.fails("A");
    ASSERT_THAT(machine.acts(), ElementsAre("heal A")) << tries;
  }
}

TEST(WatchBrakes, AFailedDependencyCountsForNoHourlyLimit) {
  EngineSpec top = engine("Top", {"Base"});
  top.healing.max_heals_per_hour = 1;
  top.healing.cooldown = Duration{0};
  Machine machine({engine("Base"), top});
  machine.switches.held = true;
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  machine.fails("Base");
  machine.switches.held = false;
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("skip Base held", "heal Top without Base"));
  machine.ended("Top", HealEnding::never_began, "dependency_failed");
  machine.wait(seconds(1));
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base"));
  machine.switches.held = true;
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), IsEmpty()) << "told once";
  machine.switches.held = false;
  machine.watch.look("Base", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top")) << "its first";
}

TEST(WatchSettle, AFailureAfterAFileEventWaitsForQuiet) {
  EngineSpec spec = engine("A");
  spec.healing.settle = seconds(5);
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.passes("A");
  for (unsigned edit = 0; edit < 3; ++edit) {
    machine.watch.look("A", LookCause::file_changed, machine.now);
    machine.wait(seconds(2));
  }
  machine.wait(seconds(1));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait_for_wake();
  EXPECT_EQ(machine.now, hours(100) + seconds(9));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchSettle, WhatNeverSettlesIsNamedOnceAndHealedWhenItDoes) {
  EngineSpec spec = engine("A");
  spec.healing.settle = seconds(5);
  Machine machine = under_test(spec);
  machine.passes("A");
  std::vector<std::string> told;
  for (Duration edited{0}; edited < minutes(3); edited += seconds(2)) {
    machine.wait(seconds(2));
    machine.watch.look("A", LookCause::file_changed, machine.now);
    for (const std::string& act : machine.acts()) {
      if (act == "test A") {
        machine.fails("A");
      } else {
        told.push_back(act);
      }
    }
  }
  EXPECT_THAT(told, ElementsAre("skip A unsettled"));
  machine.wait(seconds(5));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchSettle, EditsDuringTestsDoNotMakeTestsWithoutPause) {
  EngineSpec spec = engine("A");
  spec.healing.settle = seconds(5);
  Machine machine = under_test(spec);
  machine.watch.look("A", LookCause::file_changed, machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait(seconds(5));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchSettle, TimeUnderAHoldDoesNotCountAsUnsettled) {
  EngineSpec spec = engine("A");
  spec.healing.settle = seconds(5);
  Machine machine = under_test(spec);
  machine.watch.look("A", LookCause::file_changed, machine.now);
  machine.fails("A");
  machine.switches.held = true;
  machine.wait(minutes(2));
  EXPECT_THAT(machine.failing_again("A"), ElementsAre("skip A held"));
  machine.switches.held = false;
  machine.watch.look("A", LookCause::file_changed, machine.now);
  EXPECT_THAT(machine.failing_again("A"), IsEmpty()) << "unsettled for a moment only";
}

}  // namespace
}  // namespace autoheal::workflows
