// Another configuration under a running daemon, and what it knows of the one before it.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WatchConfiguration, OnlyWhatIsDescribedOtherwiseIsTestedAtOnce) {
  EngineSpec a = engine("A"), b = engine("B");
  Machine machine({a, b});
  machine.acts();
  machine.passes("A");
  machine.passes("B");
  machine.acts();
  machine.wait(seconds(5));
  b.healing.settle = seconds(1);
  machine.configure({a, b, engine("C")});
  EXPECT_THAT(machine.acts(), ElementsAre("test B", "test C"));
}

TEST(WatchConfiguration, ATestOfAnOldDescriptionIsNotJudged) {
  EngineSpec spec = engine("A");
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  spec.healing.settle = seconds(1);
  machine.configure({spec});
  EXPECT_THAT(machine.acts(), IsEmpty()) << "one test of an engine at a time";
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A failed", "heal A"));
}

TEST(WatchConfiguration, AChangeDuringAHealIsTestedAfterIt) {
  EngineSpec spec = engine("A");
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  spec.healing.settle = seconds(1);
  machine.configure({spec});
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.certified("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchConfiguration, FailuresOfAnOldDescriptionDoNotCount) {
  EngineSpec spec = engine("A");
  Machine machine = under_test(spec);
  machine.flickers("A");
  spec.every = seconds(31);
  machine.configure({spec});
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
}

TEST(WatchConfiguration, ARemovedEnginesTestKeepsItsPlaceUntilItEnds) {
  Machine machine({engine("A"), engine("B")}, 1);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.configure({engine("B")});
  EXPECT_THAT(machine.acts(), IsEmpty());
  EXPECT_FALSE(machine.watch.seen("A").has_value());
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("test B"));
}

TEST(WatchConfiguration, AnEngineMayComeBackWhileItsOldTestRuns) {
  Machine machine = under_test(engine("A"));
  machine.configure({});
  machine.configure({engine("A")});
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("test A")) << "the old test tells nothing";
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
}

TEST(WatchConfiguration, AnEngineMayComeBackWhileItsOldHealRuns) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.configure({});
  machine.configure({engine("A")});
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.exhausted("A", "engine_removed");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchConfiguration, WhatWasRemovedIsForgotten) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.configure({});
  machine.exhausted("A", "engine_removed");
  machine.watch.look("A", LookCause::asked, machine.now);
  machine.watch.reset("", machine.now);
  EXPECT_THAT(machine.all_acts(), IsEmpty());
  EXPECT_EQ(machine.watch.next_wake(), std::nullopt);
}

TEST(WatchMemory, ThePauseOutlivesTheProcess) {
  Machine machine({engine("A")});
  machine.watch.remember_exhausted("A", machine.now - minutes(20));
  machine.watch.remember_exhausted("A", machine.now - minutes(4));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A cooldown"));
  machine.wait(minutes(6));
  EXPECT_THAT(machine.failing_again("A"), ElementsAre("heal A"));
}

TEST(WatchMemory, APassOfTheEarlierProcessEndsThePause) {
  Machine machine({engine("A")});
  machine.watch.remember_exhausted("A", machine.now - minutes(4));
  machine.watch.remember_passed("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchMemory, TheHourlyLimitOutlivesTheProcess) {
  EngineSpec spec = engine("A");
  spec.healing.max_heals_per_hour = 2;
  Machine machine({spec});
  machine.now = minutes(5);  // the machine was started anew, too
  machine.watch.remember_heal("A", -minutes(50));
  machine.watch.remember_heal("A", -minutes(10));
  EXPECT_THAT(machine.watch.take_acts(hours(100)).size(), 1U);
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A flapping"));
}

TEST(WatchMemory, TheQuietAfterFlappingOutlivesTheProcess) {
  EngineSpec spec = engine("A");
  spec.healing.max_heals_per_hour = 2;
  spec.healing.cooldown = Duration{0};
  Machine machine({spec});
  for (const auto ago : {minutes(30), minutes(20), minutes(10)}) machine.watch.remember_heal("A", machine.now - ago);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  EXPECT_EQ(machine.watch.seen("A")->skipped, "flapping");
  machine.wait(minutes(50));
  EXPECT_THAT(machine.failing_again("A"), ElementsAre("heal A"));
}

TEST(WatchMemory, EnginesThatAreNoMoreAreNotRemembered) {
  Machine machine({});
  machine.watch.remember_heal("A", machine.now);
  machine.watch.remember_exhausted("A", machine.now);
  machine.watch.remember_passed("A");
  EXPECT_THAT(machine.all_acts(), IsEmpty());
}

}  // namespace
}  // namespace autoheal::workflows
