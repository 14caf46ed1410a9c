// When the daemon tests an engine, and which failures count.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(WatchTests, EachIsTestedAtOnceAndThenOnSchedule) {
  Machine machine({engine("A"), engine("B")});
  EXPECT_THAT(machine.all_acts(), UnorderedElementsAre("test A", "test B"));
  machine.wait(seconds(3));
  machine.passes("A");
  machine.passes("B");
  EXPECT_THAT(machine.all_acts(), UnorderedElementsAre("record A passed", "record B passed"));
  EXPECT_EQ(machine.watch.next_wake(), machine.now + seconds(27));
  machine.wait(seconds(26));
  EXPECT_THAT(machine.all_acts(), IsEmpty());
  machine.wait(seconds(1));
  EXPECT_THAT(machine.all_acts(), UnorderedElementsAre("test A", "test B"));
}

TEST(WatchTests, WithoutAScheduleItIsTestedOnlyWhenSomethingHappens) {
  EngineSpec spec = engine("A");
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.passes("A");
  EXPECT_EQ(machine.watch.next_wake(), std::nullopt);
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, OnlyAnotherOutcomeIsRecorded) {
  Machine machine = under_test(engine("A"));
  machine.switches.held = true;
  const auto next = [&] {
    machine.wait_for_wake();
    return machine.acts();
  };
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
  next();
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), IsEmpty());
  next();
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A failed", "skip A held"));
  next();
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), IsEmpty());
  next();
  machine.is_unknown("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A unknown"));
}

TEST(WatchTests, ALookDuringATestIsNotLost) {
  Machine machine = under_test(engine("A"));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, ALookDuringAHealIsNotLost) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.certified("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, ALookDuringATestThatAHealOutlivesIsNotLost) {
  EngineSpec spec = engine("A");
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.watch.heal_began("A");  // somebody else's
  machine.watch.look("A", LookCause::asked, machine.now);
  machine.certified("A");
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, ThoseThatWriteToTheirOwnFilesKeepAGrowingDistance) {
  EngineSpec spec = engine("A");
  spec.every = hours(1);
  Machine machine = under_test(spec);
  std::vector<Duration> pauses;
  for (int test = 0; test < 15; ++test) {
    machine.watch.look("A", LookCause::file_changed, machine.now);
    machine.passes("A");
    const Duration before = machine.now;
    machine.wait_for_wake();
    pauses.push_back(machine.now - before);
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  }
  std::vector<Duration> doubling = {seconds(0), std::chrono::milliseconds(15)};
  while (doubling.back() < seconds(60)) doubling.push_back(std::min<Duration>(doubling.back() * 2, seconds(60)));
  doubling.push_back(seconds(60));
  ASSERT_EQ(doubling.size(), pauses.size());
  EXPECT_EQ(pauses, doubling);
  // Once a test leaves them alone, what others do is looked at without delay.
  machine.passes("A");
  machine.wait(minutes(1));
  machine.watch.look("A", LookCause::file_changed, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.watch.look("A", LookCause::file_changed, machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, EventsThatComeRightAfterATestAreItsOwn) {
  EngineSpec spec = engine("A");
  spec.every = hours(1);
  Machine machine = under_test(spec);
  for (const auto pause : {0, 15, 30}) {
    machine.passes("A");
    EXPECT_THAT(machine.acts(), IsEmpty());
    machine.watch.look("A", LookCause::file_changed, machine.now);
    EXPECT_EQ(machine.watch.next_wake(), machine.now + std::chrono::milliseconds(pause));
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  }
  // A person who asks is not kept waiting.
  machine.watch.look("A", LookCause::file_changed, machine.now);
  machine.watch.look("A", LookCause::asked, machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, NoMoreTestsAtOnceThanAllowedAndTheLongestOverdueFirst) {
  Machine machine({engine("A"), engine("B"), engine("C")}, 2);
  EXPECT_THAT(machine.acts(), ElementsAre("test A", "test B"));
  EXPECT_EQ(machine.watch.next_wake(), std::nullopt);
  machine.passes("B");
  EXPECT_THAT(machine.acts(), ElementsAre("test C"));
}

TEST(WatchTests, ASlowTestNeverComesBeforeThoseThatWaitLonger) {
  EngineSpec slow = engine("Slow"), quick = engine("Quick");
  slow.every = seconds(1);
  Machine machine({slow, quick}, 1);
  unsigned slow_ones_between = 0, most = 0;
  for (unsigned turn = 0; turn < 20; ++turn) {
    if (machine.watch.next_wake()) machine.wait_for_wake();
    const auto acts = machine.acts();
    ASSERT_EQ(acts.size(), 1U);
    if (acts.front() == "test Quick") {
      slow_ones_between = 0;
      machine.passes("Quick");
    } else {
      most = std::max(most, ++slow_ones_between);
      machine.wait(minutes(5));
      machine.passes("Slow");
    }
  }
  EXPECT_EQ(most, 1U);
}

TEST(WatchTests, TenThousandDueAtOnceAllGetTheirTurn) {
  std::vector<EngineSpec> engines;
  for (unsigned number = 0; number < 10'000; ++number) engines.push_back(engine("E" + std::to_string(number)));
  Machine machine(engines, 10'000);
  EXPECT_EQ(machine.acts().size(), 10'000U);
  for (const EngineSpec& spec : engines) machine.passes(spec.name);
  machine.wait_for_wake();
  EXPECT_EQ(machine.acts().size(), 10'000U);
}

TEST(WatchFailures, ASureOneIsHealedAtOnce) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A failed", "heal A"));
}

TEST(WatchFailures, ANetworkProbeIsLookedAtOnceMoreSoon) {
  Machine machine = under_test(engine("A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  EXPECT_EQ(machine.watch.next_wake(), machine.now + seconds(5));
  machine.wait(seconds(5));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchFailures, TheSecondLookNeverTakesMinutes) {
  for (const auto& [every, look] :
       {std::pair(Duration(std::chrono::minutes(10)), Duration(seconds(5))),
        std::pair(Duration(0), Duration(seconds(5))), std::pair(Duration(seconds(2)), Duration(seconds(2)))}) {
    EngineSpec spec = engine("A");
    spec.every = every;
    Machine machine = under_test(spec);
    machine.flickers("A");
    EXPECT_EQ(machine.watch.next_wake(), machine.now + look);
  }
}

TEST(WatchFailures, APassBetweenTwoStartsTheCountAnew) {
  Machine machine = under_test(engine("A"));
  for (unsigned round = 0; round < 3; ++round) {
    machine.flickers("A");
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    machine.passes("A");
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  }
}

TEST(WatchFailures, WhatIsUnknownStartsNoHealNorCountsForOne) {
  Machine machine = under_test(engine("A"));
  machine.is_unknown("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
}

TEST(WatchFailures, WhatIsUnknownIsLookedAtAgainSoonAndThenLessAndLessOften) {
  for (const Duration every : {Duration(0), Duration(hours(1))}) {
    EngineSpec spec = engine("A");
    spec.every = every;
    Machine machine = under_test(spec);
    for (const auto wait : {seconds(5), seconds(10), seconds(20), seconds(40), seconds(60), seconds(60)}) {
      machine.is_unknown("A");
      EXPECT_EQ(machine.watch.next_wake(), machine.now + wait);
      machine.wait_for_wake();
      EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    }
    machine.flickers("A");
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    machine.is_unknown("A");
    EXPECT_EQ(machine.watch.next_wake(), machine.now + seconds(5)) << "that counts anew";
  }
}

TEST(WatchFailures, FailAfterTwoNeverMeansMinutesWhateverComesBetween) {
  using Between = void (*)(Machine&);
  const std::vector<std::pair<const char*, Between>> all = {
      {"nothing", [](Machine&) {}},
      {"another look", [](Machine& machine) { machine.watch.look("A", LookCause::asked, machine.now); }},
      {"a file event", [](Machine& machine) { machine.watch.look("A", LookCause::file_changed, machine.now); }},
      {"an end of its process",
       [](Machine& machine) { machine.watch.process_ended("A", ProcessEnd::wanted, machine.now); }},
      {"a test that tells nothing",
       [](Machine& machine) {
         machine.wait_for_wake();
         EXPECT_THAT(machine.acts(), ElementsAre("test A"));
         machine.is_unknown("A");
       }},
      {"somebody at work on its files",
       [](Machine& machine) {
         machine.wait_for_wake();
         EXPECT_THAT(machine.acts(), ElementsAre("test A"));
         machine.fails_while_written("A", "an editor");
       }},
      {"a configuration read again",
       [](Machine& machine) {
         EngineSpec spec = engine("A");
         spec.every = hours(1);
         machine.configure({spec});
       }},
  };
  for (const auto& [name, between] : all) {
    for (const Duration every : {Duration(0), Duration(hours(1))}) {
      EngineSpec spec = engine("A");
      spec.every = every;
      Machine machine = under_test(spec);
      machine.flickers("A");
      const Duration failed = machine.now;
      between(machine);
      for (int look = 0; look < 3; ++look) {
        machine.wait_for_wake();
        const auto acts = machine.acts();
        if (acts.empty()) continue;
        machine.flickers("A");
        if (!machine.acts().empty()) break;
      }
      EXPECT_LE(machine.now - failed, seconds(15)) << name;
      EXPECT_FALSE(machine.watch.seen("A")->testing) << name;
      EXPECT_TRUE(machine.watch.seen("A")->healing) << name;
    }
  }
}

TEST(WatchFailures, ATestThatAHealOvertookIsNotJudged) {
  Machine machine = under_test(engine("A"));
  machine.watch.heal_began("A");  // a person's
  machine.certified("A");
  machine.fails("A");  // as it was before
  EXPECT_THAT(machine.all_acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
}

}  // namespace
}  // namespace autoheal::workflows
