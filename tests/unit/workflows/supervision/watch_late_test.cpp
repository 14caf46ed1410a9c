// An engine whose test never comes, or never ends: a healer that silently stops looking is told.
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> late(Machine& machine) {
  std::vector<std::string> texts;
  for (const Watch::Late& one : machine.watch.take_late(machine.now))
    texts.push_back(one.engine + (one.testing ? " tests since " : " due since ") +
                    std::to_string(std::chrono::duration_cast<seconds>(one.time).count()));
  return texts;
}

TEST(WatchLate, AMachineThatKeepsItsScheduleHasNothingToTell) {
  Machine machine({engine("A")});
  for (int round = 0; round < 100; ++round) {
    machine.acts();
    machine.wait(seconds(1));
    machine.passes("A");
    EXPECT_THAT(late(machine), IsEmpty());
    machine.wait_for_wake();
  }
}

TEST(WatchLate, AnEngineWhoseTurnNeverComesIsNamedOnceUntilItIsTested) {
  Machine machine({engine("A"), engine("B")}, 1);
  ASSERT_THAT(machine.acts(), ElementsAre("test A")) << "which takes the only place and does not end";
  machine.wait(seconds(61));
  EXPECT_THAT(late(machine), IsEmpty()) << "perhaps it is just about to be tested";
  machine.wait(seconds(5));
  EXPECT_THAT(late(machine), ElementsAre("B due since 66"));
  EXPECT_TRUE(machine.watch.seen("B")->late);
  machine.wait(minutes(1));
  EXPECT_THAT(late(machine), IsEmpty());
  machine.passes("A");
  ASSERT_THAT(machine.acts(), ElementsAre("test B"));
  EXPECT_FALSE(machine.watch.seen("B")->late);
}

TEST(WatchLate, ATestThatDoesNotEndIsNamed) {
  Machine machine = under_test(engine("A"));
  machine.wait(minutes(10));
  EXPECT_THAT(late(machine), IsEmpty()) << "it may be a long one";
  machine.wait(seconds(5));
  late(machine);
  machine.wait(seconds(5));
  EXPECT_THAT(late(machine), ElementsAre("A tests since 610"));
  machine.passes("A");
  EXPECT_FALSE(machine.watch.seen("A")->late);
}

TEST(WatchLate, ASlowScheduleIsNotHurried) {
  EngineSpec slow = engine("slow");
  slow.every = hours(1);
  Machine machine({engine("A"), slow}, 1);
  machine.acts();
  machine.wait(minutes(50));
  late(machine);
  EXPECT_THAT(late(machine), ElementsAre("A tests since 3000")) << "the other was due as long ago, but it may wait";
  machine.wait(minutes(20));
  late(machine);
  EXPECT_THAT(late(machine), ElementsAre("slow due since 4200"));
}

// Everything is overdue then, and tested within moments.
TEST(WatchLate, Case120_AfterTheHostSleptNothingIsCalledLate) {
  Machine machine({engine("A"), engine("B")});
  machine.acts();
  machine.passes("A");
  machine.passes("B");
  machine.wait(hours(10));
  EXPECT_THAT(late(machine), IsEmpty());
  EXPECT_THAT(machine.acts(), ElementsAre("test A", "test B"));
  machine.wait(seconds(5));
  EXPECT_THAT(late(machine), IsEmpty());
}

}  // namespace
}  // namespace autoheal::workflows
