// The daemon's decisions, told as days of a machine: what happened, and what is to be done about it.
#include "workflows/watch.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

EngineSpec engine(const std::string& name, std::vector<std::string> depends_on = {}) {
  EngineSpec spec;
  spec.name = name;
  spec.every = seconds(30);
  spec.depends_on = std::move(depends_on);
  return spec;
}

std::string text_of(const WatchAct& act) {
  if (const auto* test = std::get_if<StartTest>(&act)) return "test " + test->engine;
  if (const auto* skip = std::get_if<SkipHeal>(&act)) return "skip " + skip->engine + " " + skip->reason;
  if (const auto* record = std::get_if<RecordOutcome>(&act)) {
    const TestOutcome outcome = record->tested.outcome;
    return "record " + record->tested.engine +
           (outcome == TestOutcome::passed   ? " passed"
            : outcome == TestOutcome::failed ? " failed"
                                             : " unknown");
  }
  if (const auto* snapshots = std::get_if<TakeSnapshots>(&act)) {
    std::string text = "snapshots " + snapshots->engine;
    for (const std::string& path : snapshots->paths) text += " " + path;
    return text;
  }
  if (const auto* keep = std::get_if<KeepSnapshots>(&act)) return "keep " + keep->engine;
  const auto& heal = std::get<StartHeal>(act);
  std::string text = "heal " + heal.engine;
  for (const std::string& needed : heal.needs) text += " after " + needed;
  if (!heal.failed_dependency.empty()) text += " without " + heal.failed_dependency;
  if (heal.flapping) text += " flapping";
  return text;
}

// A machine, told and asked by hand. Recorded outcomes are left out of acts(), unless asked for.
class Machine {
 public:
  explicit Machine(std::vector<EngineSpec> engines, unsigned max_tests = 16) : max_tests_(max_tests) {
    configure(std::move(engines));
  }

  void configure(const std::vector<EngineSpec>& engines) {
    std::vector<std::shared_ptr<const EngineSpec>> specs;
    specs.reserve(engines.size());
    for (const EngineSpec& spec : engines) specs.push_back(std::make_shared<const EngineSpec>(spec));
    watch.configure(specs, max_tests_, now);
  }

  void wait(Duration time) { now += time; }
  void wait_for_wake() { now = std::max(now, watch.next_wake().value()); }

  std::vector<std::string> all_acts() {
    std::vector<std::string> texts;
    for (const WatchAct& act : watch.take_acts(now)) texts.push_back(text_of(act));
    return texts;
  }
  std::vector<std::string> acts() {
    auto texts = all_acts();
    std::erase_if(texts, [](const std::string& text) { return text.starts_with("record"); });
    return texts;
  }

  void passes(const std::string& engine) { tell(engine, TestOutcome::passed, false, {}); }
  void is_unknown(const std::string& engine) { tell(engine, TestOutcome::unknown, false, {"plugin"}); }
  // A file is not as it should be.
  void fails(const std::string& engine, std::vector<std::string> failing = {"config"}) {
    tell(engine, TestOutcome::failed, true, std::move(failing));
  }
  // The network, or a program, says no.
  void flickers(const std::string& engine) { tell(engine, TestOutcome::failed, false, {"web"}); }

  // The snapshots asked for are copied; the test that has to confirm them is under way.
  void copied(const std::string& engine) {
    watch.snapshots_copied(engine, now);
    EXPECT_THAT(acts(), ElementsAre("test " + engine));
  }

  void certified(const std::string& engine) { ended(engine, HealEnding::certified, {}); }
  void exhausted(const std::string& engine, const std::string& reason = "attempts_exhausted") {
    ended(engine, HealEnding::exhausted, reason);
  }
  void ended(const std::string& engine, HealEnding ending, const std::string& reason) {
    HealResult result;
    result.engine = engine;
    result.ending = ending;
    result.reason = reason;
    watch.heal_ended(result, now);
  }

  // Tests and fails it at once, and takes what follows.
  std::vector<std::string> failing_again(const std::string& engine) {
    watch.look(engine, LookCause::asked, now);
    EXPECT_THAT(acts(), ElementsAre("test " + engine));
    fails(engine);
    return acts();
  }

  Watch watch{16};
  Duration now{hours(100)};
  Standing standing;

 private:
  void tell(const std::string& engine, TestOutcome outcome, bool sure, std::vector<std::string> failing) {
    TestReport report;
    report.tested = {engine, outcome, outcome == TestOutcome::passed ? "" : "it is broken", Duration{0}};
    report.sure = sure;
    report.failing = std::move(failing);
    watch.tested(report, standing, now);
  }

  unsigned max_tests_;
};

// A machine of one engine whose first test is under way.
Machine under_test(const EngineSpec& spec) {
  Machine machine({spec});
  EXPECT_THAT(machine.acts(), ElementsAre("test " + spec.name));
  return machine;
}

// ---- when to test

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
  machine.watch.look("A", LookCause::process_ended, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, OnlyAnotherOutcomeIsRecorded) {
  Machine machine = under_test(engine("A"));
  machine.standing.held = true;
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
  machine.watch.look("A", LookCause::process_ended, machine.now);
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, ALookDuringAHealIsNotLost) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.watch.look("A", LookCause::process_ended, machine.now);
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.certified("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
}

TEST(WatchTests, ALookDuringATestThatAHealOutlivesIsNotLost) {
  EngineSpec spec = engine("A");
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.watch.heal_began("A");  // somebody else's
  machine.watch.look("A", LookCause::process_ended, machine.now);
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

// ---- which failures count

TEST(WatchFailures, ASureOneIsHealedAtOnce) {
  Machine machine = under_test(engine("A"));
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A failed", "heal A"));
}

TEST(WatchFailures, ANetworkProbeIsLookedAtOnceMoreSoon) {
  Machine machine = under_test(engine("A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  EXPECT_EQ(machine.watch.next_wake(), machine.now + seconds(10));
  machine.wait(seconds(10));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.flickers("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
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

TEST(WatchFailures, ATestThatAHealOvertookIsNotJudged) {
  Machine machine = under_test(engine("A"));
  machine.watch.heal_began("A");  // a person's
  machine.certified("A");
  machine.fails("A");  // as it was before
  EXPECT_THAT(machine.all_acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
}

// ---- brakes

TEST(WatchBrakes, NothingIsHealedWhileSwitchedOffHeldOrOnlyObserved) {
  for (const std::string reason : {"disabled", "held", "observe"}) {
    EngineSpec spec = engine("A");
    spec.healing.observe_only = reason == "observe";
    Machine machine = under_test(spec);
    machine.standing = {reason != "disabled", reason == "held"};
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
  machine.standing.held = true;
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A held"));
  machine.standing.held = false;
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
  machine.standing.held = true;
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

TEST(WatchBrakes, AFailedDependencyDoesNotPassTheHourlyLimit) {
  EngineSpec top = engine("Top", {"Base"});
  top.healing.max_heals_per_hour = 1;
  top.healing.cooldown = Duration{0};
  Machine machine({engine("Base"), top});
  machine.standing.held = true;
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  machine.fails("Base");
  machine.standing.held = false;
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), ElementsAre("skip Base held", "heal Top without Base"));
  machine.ended("Top", HealEnding::never_began, "dependency_failed");
  machine.wait(seconds(1));
  EXPECT_THAT(machine.failing_again("Top"), ElementsAre("test Base"));
  machine.standing.held = true;
  machine.fails("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top without Base flapping"));
}

// ---- settle

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
  machine.standing.held = true;
  machine.wait(minutes(2));
  EXPECT_THAT(machine.failing_again("A"), ElementsAre("skip A held"));
  machine.standing.held = false;
  machine.watch.look("A", LookCause::file_changed, machine.now);
  EXPECT_THAT(machine.failing_again("A"), IsEmpty()) << "unsettled for a moment only";
}

// ---- dependencies

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
  machine.wait(seconds(10));
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
    machine.standing = {reason != "disabled", reason == "held"};
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

// ---- configuration

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

// ---- an earlier process

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

// ---- snapshots

EngineSpec with_snapshots(std::vector<std::pair<std::string, Duration>> states) {
  EngineSpec spec = engine("A");
  for (auto& [path, every] : states) {
    StateRepair state;
    state.path = path;
    state.takes_snapshots = true;
    state.every = every;
    spec.repair.state.push_back(state);
  }
  return spec;
}

TEST(WatchSnapshots, AreTakenOnTimeWhileTheSelfTestPasses) {
  EngineSpec spec = with_snapshots({{"app.db", minutes(10)}});
  spec.every = Duration{0};
  Machine machine = under_test(spec);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.copied("A");
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("keep A"));
  machine.wait_for_wake();
  EXPECT_EQ(machine.now, hours(100) + minutes(10));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
}

TEST(WatchSnapshots, CopiedWhileTheEngineBrokeAreNotKept) {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.copied("A");
  machine.standing.held = true;
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A held"));
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db")) << "others are taken at once";
}

TEST(WatchSnapshots, ATestThatBeganBeforeTheyWereCopiedSaysNothingOfThem) {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.wait(std::chrono::seconds(1));
  machine.watch.snapshots_copied("A", machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("keep A"));
}

TEST(WatchSnapshots, CopiedWhenAHealBeganAreNotKept) {
  for (const bool copied_first : {true, false}) {
    Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
    machine.passes("A");
    EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
    if (copied_first) machine.copied("A");
    machine.watch.heal_began("A");
    if (copied_first) {
      machine.passes("A");
    } else {
      machine.watch.snapshots_copied("A", machine.now);
    }
    EXPECT_THAT(machine.acts(), IsEmpty());
    machine.certified("A");
    machine.watch.look("A", LookCause::asked, machine.now);
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    machine.passes("A");
    EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  }
}

TEST(WatchSnapshots, NoneOfWhatIsBrokenOrUnknown) {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.is_unknown("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.standing.held = true;
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A held"));
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
}

TEST(WatchSnapshots, NoneFromATestDuringWhichAHealBegan) {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.watch.heal_began("A");
  machine.passes("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
}

TEST(WatchSnapshots, EachStateHasItsOwnTime) {
  Machine machine = under_test(with_snapshots({{"often.db", minutes(10)}, {"seldom.db", minutes(30)}}));
  std::map<std::string, unsigned> taken;
  machine.passes("A");
  for (const Duration end = machine.now + minutes(61); machine.now < end;) {
    for (const WatchAct& act : machine.watch.take_acts(machine.now)) {
      if (std::holds_alternative<StartTest>(act)) machine.passes("A");
      if (const auto* one = std::get_if<TakeSnapshots>(&act)) {
        for (const std::string& path : one->paths) ++taken[path];
        machine.watch.snapshots_copied("A", machine.now);
      }
    }
    machine.wait_for_wake();
  }
  EXPECT_EQ(taken["often.db"], 7U);
  EXPECT_EQ(taken["seldom.db"], 3U);
}

}  // namespace
}  // namespace autoheal::workflows
