// When states are copied while all is well, and which copies are kept.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  machine.kept("A");
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
  machine.switches.held = true;
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
  machine.watch.snapshots_copied("A", {}, machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("keep A"));
}

// A copy removes the waiting one, which must have its name by then.
TEST(WatchSnapshots, NoOthersAreCopiedWhileTheyAreBeingKept) {
  EngineSpec spec = with_snapshots({{"app.db", seconds(1)}});
  spec.every = seconds(1);
  Machine machine = under_test(spec);
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.wait(seconds(5));
  machine.copied("A");
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("keep A"));
  machine.wait(seconds(5));
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.kept("A");
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
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
      machine.watch.snapshots_copied("A", {}, machine.now);
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
  machine.switches.held = true;
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
        machine.watch.snapshots_copied("A", {}, machine.now);
      }
      if (std::holds_alternative<KeepSnapshots>(act)) machine.kept("A");
    }
    machine.wait_for_wake();
  }
  EXPECT_EQ(taken["often.db"], 7U);
  EXPECT_EQ(taken["seldom.db"], 3U);
}

// ---- damage that a copy found

Machine damaged_machine() {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.watch.snapshots_copied("A", {"no snapshot of app.db: it is damaged", true}, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  return machine;
}

TEST(WatchSnapshots, DamageIsAFailureWhateverTheSelfTestSays) {
  Machine machine = damaged_machine();
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A failed", "heal A"));
  EXPECT_EQ(machine.watch.seen("A")->outcome, TestOutcome::failed);
  EXPECT_EQ(machine.watch.seen("A")->error, "no snapshot of app.db: it is damaged");
  machine.certified("A");
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_EQ(machine.watch.seen("A")->outcome, TestOutcome::passed);
}

TEST(WatchSnapshots, DamageThatCannotBeHealedStaysAFailureAndHasItsPause) {
  Machine machine = damaged_machine();
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.exhausted("A");
  machine.wait(std::chrono::seconds(1));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("skip A cooldown"));
}

TEST(WatchSnapshots, DamageThatSomebodyMadeGoodIsOver) {
  Machine machine = damaged_machine();
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
  machine.exhausted("A");
  machine.wait(minutes(11));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ::testing::Contains("heal A"));
  machine.exhausted("A");
  machine.wait(minutes(2));
  machine.watch.look("A", LookCause::asked, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  const auto acts = machine.acts();
  EXPECT_THAT(acts, ::testing::Contains("snapshots A app.db"));
  machine.watch.snapshots_copied("A", {}, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_EQ(machine.watch.seen("A")->outcome, TestOutcome::passed);
}

TEST(WatchSnapshots, ThatCouldNotBeTakenForAnotherReasonAreNoFailure) {
  Machine machine = under_test(with_snapshots({{"app.db", minutes(10)}}));
  machine.passes("A");
  EXPECT_THAT(machine.acts(), ElementsAre("snapshots A app.db"));
  machine.watch.snapshots_copied("A", {"no snapshot of app.db: others have it locked", false}, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_EQ(machine.watch.seen("A")->outcome, TestOutcome::passed);
  EXPECT_EQ(machine.watch.seen("A")->snapshot_problem, "no snapshot of app.db: others have it locked");
}

}  // namespace
}  // namespace autoheal::workflows
