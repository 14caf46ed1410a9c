// Services pass through states: what may pass by itself is looked at again before it counts; what cannot be wanted is
// healed at once; what somebody stopped stays stopped.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WatchGrace : public ::testing::Test {
 protected:
  void SetUp() override {
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    machine_.passes("A");
    (void)machine_.all_acts();
    machine_.wait(seconds(5));
  }
  void process_ends(ProcessEnd how) {
    machine_.watch.process_ended("A", how, machine_.now);
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  }
  // A probe of its process fails.
  void fails(bool no_pidfile = false) {
    TestReport report;
    report.tested = {"A", TestOutcome::failed, "alive: process 7 of run/app.pid does not run", Duration{0}};
    report.sure = true;
    report.failing = {"alive"};
    report.grace = seconds(2);
    report.no_pidfile = no_pidfile;
    machine_.watch.tested(report, machine_.switches, machine_.now);
  }
  void crashes_and_is_healed() {
    process_ends(ProcessEnd::crashed);
    fails();
    EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
  }
  Machine machine_{{engine("A")}};
};

TEST_F(WatchGrace, ARestartByHandLeadsToNoHeal) {
  process_ends(ProcessEnd::wanted);
  fails();
  EXPECT_THAT(machine_.all_acts(), IsEmpty()) << "nor to an outcome";
  machine_.wait(seconds(1));
  machine_.watch.file_event("A", "run/app.pid", FileEvent::moved, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.passes("A");
  EXPECT_THAT(machine_.all_acts(), IsEmpty());
  machine_.wait(seconds(2));
  EXPECT_THAT(machine_.acts(), IsEmpty());
}

TEST_F(WatchGrace, WhatStaysDownIsHealedOnceWhenItsGraceIsOver) {
  process_ends(ProcessEnd::failed);
  const Duration began = machine_.now;
  fails();
  EXPECT_THAT(machine_.acts(), IsEmpty());
  machine_.wait_for_wake();
  EXPECT_EQ(machine_.now - began, seconds(2));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, LooksInBetweenDoNotLengthenIt) {
  process_ends(ProcessEnd::unknown);
  const Duration began = machine_.now;
  for (unsigned look = 0; look < 4; ++look) {
    fails();
    EXPECT_THAT(machine_.acts(), IsEmpty());
    machine_.wait(milliseconds(499));
    machine_.watch.look("A", LookCause::asked, machine_.now);
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  }
  fails();
  machine_.wait_for_wake();
  EXPECT_EQ(machine_.now - began, seconds(2));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, WhatCannotBeWantedHasNone) {
  for (const ProcessEnd how : {ProcessEnd::crashed, ProcessEnd::killed}) {
    process_ends(how);
    fails();
    EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
    machine_.certified("A");
    (void)machine_.all_acts();
  }
}

TEST_F(WatchGrace, ACrashThatIsToldDuringItEndsIt) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), IsEmpty());
  crashes_and_is_healed();
}

TEST_F(WatchGrace, ATestThatBeganBeforeAStopByHandTellsNothing) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  machine_.passes("A");  // it had asked before
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
}

TEST_F(WatchGrace, ATestThatBeganBeforeACrashTellsNothing) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.watch.process_ended("A", ProcessEnd::crashed, machine_.now);
  machine_.passes("A");
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A")) << "at once";
}

// A rollback stops what its attempt had started; that its process ended is told after the heal has.
TEST_F(WatchGrace, WhatTheHealItselfStoppedIsNotStoppedByHand) {
  crashes_and_is_healed();
  machine_.exhausted("A");
  (void)machine_.all_acts();
  machine_.watch.process_ended("A", ProcessEnd::wanted, machine_.now);
  std::vector<std::string> seen;
  while (seen.empty() || seen.back() != "heal A") {
    ASSERT_LT(seen.size(), 20U) << seen.back();
    const auto acts = machine_.acts();
    if (acts.empty()) machine_.wait_for_wake();
    for (const std::string& act : acts) {
      EXPECT_NE(act, "skip A stopped_by_hand");
      seen.push_back(act);
      if (act == "test A") fails(true);
    }
  }
}

// An administrator who stops it between two attempts is not overruled by the next one.
TEST_F(WatchGrace, AStopWhileTheHealOnlyWaitsEndsTheHealAndIsLeftAlone) {
  crashes_and_is_healed();
  machine_.watch.stopped_while_heal_waits("A");
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  machine_.watch.stopped_while_heal_waits("A");
  EXPECT_THAT(machine_.acts(), ElementsAre("end heal A")) << "once";
  machine_.exhausted("A", "held");
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
  machine_.watch.heal_began("A");  // a person asks for it
  machine_.certified("A");
  process_ends(ProcessEnd::crashed);
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A")) << "it ran since";
}

TEST_F(WatchGrace, AStopThatTheHealStillGotOverIsForgotten) {
  crashes_and_is_healed();
  machine_.watch.stopped_while_heal_waits("A");
  EXPECT_THAT(machine_.acts(), ElementsAre("end heal A"));
  machine_.certified("A");  // it had come further by then
  crashes_and_is_healed();
}

// A certified service runs: nothing that the heal stopped can end any more.
TEST_F(WatchGrace, WhoStopsAServiceRightAfterItsCertificateIsLeftAlone) {
  crashes_and_is_healed();
  machine_.certified("A");
  (void)machine_.all_acts();
  process_ends(ProcessEnd::wanted);
  fails(true);
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails(true);
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
}

TEST_F(WatchGrace, ACertificateGivesTheNextFailureItsOwn) {
  crashes_and_is_healed();
  machine_.certified("A");
  (void)machine_.all_acts();
  machine_.wait(seconds(5));
  process_ends(ProcessEnd::wanted);
  fails();
  EXPECT_THAT(machine_.acts(), IsEmpty());
}

TEST_F(WatchGrace, TheEndOfAProcessDuringAHealIsTheHealsOwn) {
  process_ends(ProcessEnd::killed);
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
  machine_.watch.process_ended("A", ProcessEnd::killed, machine_.now);
  machine_.exhausted("A");
  machine_.wait(minutes(10));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.passes("A");
  (void)machine_.all_acts();
  process_ends(ProcessEnd::wanted);
  fails();
  EXPECT_THAT(machine_.acts(), IsEmpty());
}

TEST_F(WatchGrace, WhatWasStoppedInOrderIsNotStartedAndToldOnce) {
  process_ends(ProcessEnd::wanted);
  fails(true);
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails(true);
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
  EXPECT_EQ(machine_.watch.seen("A")->skipped, "stopped_by_hand");
  for (unsigned look = 0; look < 3; ++look) {
    machine_.wait(seconds(30));
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    fails(true);
    EXPECT_THAT(machine_.acts(), IsEmpty());
  }
  machine_.wait(seconds(30));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.passes("A");
  (void)machine_.all_acts();
  process_ends(ProcessEnd::crashed);
  fails(true);
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A")) << "it ran again since";
}

TEST_F(WatchGrace, AStopThatLeavesThePidfileIsHealedOnce) {
  process_ends(ProcessEnd::wanted);
  fails();
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A")) << "a process that ends by itself looks like this";
}

TEST_F(WatchGrace, AnEndThatCannotBeWantedIsHealedWithoutAPidfileToo) {
  process_ends(ProcessEnd::killed);
  fails(true);
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, ItsManagerKnowsThatItWasStopped) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "web: refused", Duration{0}};
  report.sure = true;
  report.failing = {"web"};
  report.grace = seconds(2);
  report.stopped_by_hand = true;
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand")) << "without a grace";
}

// Masked, not installed: no attempt could bring it up, so none is begun.
TEST_F(WatchGrace, WhatItsManagerHoldsBackIsToldOnceAndHealedOnceItDoesNotAnyMore) {
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "active: a.service is inactive (dead, masked)", Duration{0}};
  report.sure = true;
  report.failing = {"active"};
  report.held_back = "unit a.service is masked, so systemd does not start it";
  const auto fails_held_back = [&] { machine_.watch.tested(report, machine_.switches, machine_.now); };
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails_held_back();
  const auto acts = machine_.watch.take_acts(machine_.now);
  ASSERT_EQ(acts.size(), 2U) << "its outcome, and that it is not healed";
  EXPECT_EQ(std::get<SkipHeal>(acts.back()).reason, "held_back");
  EXPECT_EQ(std::get<SkipHeal>(acts.back()).error,
            "active: a.service is inactive (dead, masked); unit a.service is masked, so systemd does not start it");
  EXPECT_EQ(machine_.watch.seen("A")->skipped, "held_back");
  for (unsigned look = 0; look < 3; ++look) {
    machine_.wait(seconds(30));
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    fails_held_back();
    EXPECT_THAT(machine_.acts(), IsEmpty()) << "no brake is drawn, and nothing is told again";
  }
  machine_.wait(seconds(30));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  report.held_back.clear();
  fails_held_back();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, WhatPackagesStoppedIsLeftToThemAsLongAsTheyAreAtWork) {
  machine_.watch.stopped_by_hand("A", false, machine_.now);
  machine_.watch.stopped_for_packages("A", machine_.now);
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "active: a.service is inactive (dead)", Duration{0}};
  report.sure = true;
  report.failing = {"active"};
  report.grace = seconds(2);
  report.packages_change = true;
  const Duration began = machine_.now;
  while (machine_.now - began < minutes(1)) {
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    machine_.watch.tested(report, machine_.switches, machine_.now);
    machine_.wait_for_wake();
  }
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A being_written")) << "what takes so long is told";
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  report.packages_change = false;
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), IsEmpty()) << "its grace begins";
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  report.packages_change = true;  // the next ones, which did not stop it
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

// A unit that may take 90 s to start is not left alone for so long once that has failed.
TEST_F(WatchGrace, WhatTakesLongIsAskedInBetweenHowItIs) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "active: a.service is activating (start)", Duration{0}};
  report.sure = true;
  report.failing = {"active"};
  report.grace = seconds(90);
  const Duration began = machine_.now;
  for (unsigned look = 0; look < 4; ++look) {
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    machine_.watch.tested(report, machine_.switches, machine_.now);
    machine_.wait_for_wake();
  }
  EXPECT_EQ(machine_.now - began, seconds(20));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  report.grace = seconds(2);  // it has failed
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, PackagesThatDidNotStopItAreNoReason) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "active: a.service is failed (signal 11)", Duration{0}};
  report.sure = true;
  report.failing = {"active"};
  report.packages_change = true;
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

// Started again, its port may not be open yet: nothing that failed before counts with it.
TEST_F(WatchGrace, FailuresWhileItWasStoppedByHandDoNotCountForTheNextRun) {
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();  // it is stopping
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  for (unsigned look = 0; look < 3; ++look) {
    EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
    fails();
    (void)machine_.acts();
    machine_.wait(seconds(30));
  }
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  machine_.watch.stopped_by_hand("A", false, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "web: Connection refused", Duration{0}};
  report.failing = {"web"};
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), IsEmpty()) << "it is looked at once more";
  machine_.wait_for_wake();
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  report.grace = seconds(2);  // its process is younger than that
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), IsEmpty());
}

// First its process, then its port, then what needs that.
TEST_F(WatchGrace, WhatGoesDownByHandIsToldOnceWhicheverProbesFail) {
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  TestReport report;
  report.tested = {"A", TestOutcome::failed, "alive: it does not run; port: refused", Duration{0}};
  report.sure = true;
  report.failing = {"alive", "port"};
  machine_.watch.tested(report, machine_.switches, machine_.now);
  EXPECT_THAT(machine_.acts(), IsEmpty());
}

TEST_F(WatchGrace, WhatItsManagerTellsCountsUntilItTellsOtherwise) {
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
  machine_.watch.stopped_by_hand("A", false, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.wait(seconds(2));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
  machine_.watch.stopped_by_hand("A", true, machine_.now);
  machine_.certified("A");
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  machine_.passes("A");
  (void)machine_.all_acts();
  machine_.watch.process_ended("A", ProcessEnd::crashed, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A")) << "a stop during a heal is the heal's";
}

TEST_F(WatchGrace, WhoAsksForItEndsTheStop) {
  const auto stop = [&] {
    process_ends(ProcessEnd::wanted);
    fails(true);
    machine_.wait_for_wake();
    (void)machine_.acts();
    fails(true);
    EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
  };
  stop();
  machine_.watch.reset("A", machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
  machine_.certified("A");
  (void)machine_.all_acts();
  machine_.wait(seconds(5));
  stop();
  machine_.watch.heal_began("A");
  machine_.exhausted("A");
  machine_.wait(minutes(10));
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails();
  EXPECT_THAT(machine_.acts(), ElementsAre("heal A"));
}

TEST_F(WatchGrace, AnEarlierDaemonKnewThatItWasStopped) {
  machine_.watch.remember_stopped("A");
  machine_.watch.look("A", LookCause::asked, machine_.now);
  EXPECT_THAT(machine_.acts(), ElementsAre("test A"));
  fails(true);
  EXPECT_THAT(machine_.acts(), ElementsAre("skip A stopped_by_hand"));
}

TEST(WatchGraceOfNeeds, WhoNeedsItWaitsUntilItCounts) {
  Machine machine({engine("Base"), engine("Top", {"Base"})});
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  const auto base_fails = [&] {
    TestReport report;
    report.tested = {"Base", TestOutcome::failed, "it is down", Duration{0}};
    report.sure = true;
    report.grace = seconds(2);
    machine.watch.tested(report, machine.switches, machine.now);
  };
  base_fails();
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait(seconds(2));
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

}  // namespace
}  // namespace autoheal::workflows
