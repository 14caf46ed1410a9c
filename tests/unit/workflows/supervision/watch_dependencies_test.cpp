// Engines that need others: whose failure is healed first, and who waits.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Base and Top, which needs it; their first tests are under way.
Machine base_and_top() {
  Machine machine({engine("Base"), engine("Top", {"Base"})});
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  return machine;
}

TEST(WatchNeeds, WhatAnEngineNeedsIsTestedFirst) {
  Machine machine = base_and_top();
  machine.passes("Base");
  machine.passes("Top");
  machine.wait(seconds(1));
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base")) << "Base may have failed since";
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

TEST(WatchNeeds, ATestOfTheSameMomentIsEnough) {
  Machine machine = base_and_top();
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), IsEmpty()) << "Base is still under test";
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

TEST(WatchNeeds, AFailingDependencyGetsItsOwnHealAndTheDependentWaitsForIt) {
  Machine machine = base_and_top();
  machine.fails("Top");
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Base", "heal Top after Base"));
}

TEST(WatchNeeds, AnUnsureFailureBelowIsSettledFirst) {
  Machine machine = base_and_top();
  machine.fails("Top");
  machine.flickers("Base");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait(seconds(5));
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.flickers("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Base", "heal Top after Base"));
}

TEST(WatchNeeds, AHealOfTheDependencyThatIsUnderWayIsWaitedFor) {
  Machine machine = base_and_top();
  machine.passes("Top");
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Base"));
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("heal Top after Base"));
}

TEST(WatchNeeds, AFailureBelowThatIsNotHealedFailsTheDependent) {
  for (const std::string reason : {"disabled", "held", "observe"}) {
    EngineSpec base = engine("Base");
    base.healing.observe_only = reason == "observe";
    Machine machine({base, engine("Top", {"Base"})});
    EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
    machine.fails("Top");
    machine.switches = {reason != "disabled", reason == "held"};
    machine.fails("Base");
    EXPECT_THAT(machine.acts(), ElementsAre("skip Base " + reason, "heal Top without Base"));
  }
}

TEST(WatchNeeds, ADependencyThatCoolsDownOrIsQuietFailsTheDependent) {
  for (const std::string reason : {"cooldown", "flapping"}) {
    EngineSpec base = engine("Base");
    if (reason == "flapping") base.healing.max_heals_per_hour = 0;
    Machine machine({base, engine("Top", {"Base"})});
    EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
    machine.passes("Top");
    machine.fails("Base");
    EXPECT_THAT(machine.acts(), ElementsAre(reason == "flapping" ? "heal Base flapping" : "heal Base"));
    machine.exhausted("Base", reason == "flapping" ? "flapping" : "attempts_exhausted");
    machine.wait(seconds(1));
    EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base"));
    machine.fails("Base");
    auto acts = machine.acts();
    std::erase(acts, "skip Base cooldown");
    EXPECT_THAT(acts, ElementsAre("heal Top without Base")) << reason;
  }
}

TEST(WatchNeeds, ADependencyThatCannotBeToldIsNoReasonToWait) {
  Machine machine = base_and_top();
  machine.fails("Top");
  machine.is_unknown("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

TEST(WatchNeeds, AfterwardsDependentsAreTestedAndHealedOnlyIfTheyFail) {
  Machine machine({engine("Base"), engine("Left", {"Base"}), engine("Right", {"Base"})});
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Left", "test Right"));
  machine.passes("Left");
  machine.passes("Right");
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Base"));
  machine.wait(seconds(1));
  machine.certified("Base");
  EXPECT_THAT(machine.acts(), UnorderedElementsAre("test Left", "test Right"));
  machine.passes("Left");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.fails("Right");
  EXPECT_THAT(machine.acts(), ElementsAre("test Base")) << "a certificate is not a test of this moment";
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Right"));
}

TEST(WatchNeeds, AChainIsHealedFromBelow) {
  Machine machine({engine("A"), engine("B", {"A"}), engine("C", {"B"})});
  EXPECT_EQ(machine.acts().size(), 3U);
  machine.fails("C");
  machine.fails("B");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A", "heal B after A", "heal C after B"));
}

TEST(WatchNeeds, AWaitingDependentThatPassesMeanwhileIsNotHealed) {
  Machine machine = base_and_top();
  machine.fails("Top");
  machine.watch.look("Top", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.passes("Top");
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), IsEmpty());
}

TEST(WatchNeeds, AWaitThatOthersTestsInterruptStillEnds) {
  Machine machine = base_and_top();
  machine.fails("Top");
  // Top is tested again and again while Base is slow; that must not make Base's test look old.
  for (unsigned round = 0; round < 3; ++round) {
    machine.wait(seconds(30));
    EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
    machine.fails("Top");
  }
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top", "test Base")) << "Base is overdue by now";
}

TEST(WatchNeeds, AManualHealOfTheDependencyDoesNotLeaveTheDependentWaiting) {
  Machine machine = base_and_top();
  machine.passes("Base");
  machine.wait(seconds(1));
  machine.passes("Top");
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base"));
  machine.watch.heal_began("Base");
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top after Base"));
}

// ---- a dependent whose dependency failed has no brake of its own

// Base is beyond repair and cools down; Top was failed for it, once.
Machine failed_for_base(const EngineSpec& top) {
  Machine machine({engine("Base"), top});
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  machine.fails("Top");
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Base", "heal Top after Base"));
  machine.exhausted("Base");
  machine.ended("Top", HealEnding::never_began, "dependency_failed");
  EXPECT_EQ(machine.watch.seen("Top")->skipped, "dependency_failed");
  return machine;
}

void base_passes(Machine& machine) {
  machine.watch.look("Base", LookCause::asked, machine.now);
  auto acts = machine.acts();
  EXPECT_THAT(acts, ::testing::Contains("test Base"));
  machine.passes("Base");
}

TEST(WatchNeeds, ADependentIsTestedAndHealedWhenItsDependencyPasses) {
  Machine machine = failed_for_base(engine("Top", {"Base"}));
  machine.wait(seconds(3));
  base_passes(machine);
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top")) << "no pause of its own";
}

TEST(WatchNeeds, ADependentWithoutAScheduleIsTestedThenToo) {
  EngineSpec top = engine("Top", {"Base"});
  top.every = Duration{0};
  Machine machine = failed_for_base(top);
  machine.wait(seconds(3));
  base_passes(machine);
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
}

TEST(WatchNeeds, ADependentIsTestedAndHealedWhenItsDependencyIsHealed) {
  Machine machine = failed_for_base(engine("Top", {"Base"}));
  machine.wait(seconds(3));
  machine.watch.heal_began("Base");  // a person asked for it
  machine.certified("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

TEST(WatchNeeds, ThatTheDependencyStillFailsIsToldOnce) {
  Machine machine = failed_for_base(engine("Top", {"Base"}));
  for (unsigned round = 0; round < 5; ++round) {
    machine.wait(seconds(1));
    machine.watch.look("Top", LookCause::asked, machine.now);
    EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
    machine.fails("Top");
    EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
    machine.fails("Base");
    auto acts = machine.acts();
    std::erase(acts, "skip Base cooldown");
    EXPECT_THAT(acts, IsEmpty());
  }
  base_passes(machine);
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.passes("Top");
  machine.wait(seconds(1));
  machine.watch.look("Top", LookCause::asked, machine.now);
  (void)machine.acts();
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.fails("Base");
  auto acts = machine.acts();
  EXPECT_THAT(acts, ElementsAre("heal Base", "heal Top after Base")) << "another failure";
}

TEST(WatchNeeds, WhatFailedForADependencyCountsForNoLimit) {
  EngineSpec top = engine("Top", {"Base"});
  top.healing.max_heals_per_hour = 1;
  Machine machine = failed_for_base(top);
  for (unsigned round = 0; round < 3; ++round) {
    machine.wait(seconds(1));
    base_passes(machine);
    EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
    machine.passes("Top");
    machine.wait(seconds(1));
    machine.watch.heal_began("Base");
    machine.exhausted("Base");
    EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base"));
    machine.fails("Base");
    EXPECT_THAT(machine.acts(), ::testing::Contains("heal Top without Base")) << "never flapping";
    machine.ended("Top", HealEnding::never_began, "dependency_failed");
  }
  machine.wait(seconds(1));
  base_passes(machine);
  EXPECT_THAT(machine.acts(), ElementsAre("test Top"));
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top")) << "its first";
}

TEST(WatchNeeds, AChainIsTestedFromBelowOnceItsFootPasses) {
  Machine machine({engine("A"), engine("B", {"A"}), engine("C", {"B"})});
  EXPECT_EQ(machine.acts().size(), 3U);
  machine.fails("C");
  machine.fails("B");
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A", "heal B after A", "heal C after B"));
  machine.exhausted("A");
  machine.ended("B", HealEnding::never_began, "dependency_failed");
  machine.ended("C", HealEnding::never_began, "dependency_failed");
  machine.wait(seconds(1));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test B"));
  machine.passes("B");
  EXPECT_THAT(machine.acts(), ElementsAre("test C"));
}

TEST(WatchNeeds, ItsOwnPauseStays) {
  Machine machine = base_and_top();
  machine.passes("Base");
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
  machine.exhausted("Top");
  machine.wait(seconds(1));
  machine.watch.look("Base", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), IsEmpty());
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("skip Top cooldown"));
}

TEST(WatchBrakesOfOthers, AHealThatSomebodyHeldOrSwitchedOffDrawsNoPause) {
  for (const char* reason : {"held", "disabled"}) {
    Machine machine = under_test(engine("A"));
    machine.fails("A");
    EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
    machine.exhausted("A", reason);
    machine.wait(seconds(1));
    EXPECT_THAT(machine.failing_again("A"), ElementsAre("heal A")) << reason;
  }
}

}  // namespace
}  // namespace autoheal::workflows
