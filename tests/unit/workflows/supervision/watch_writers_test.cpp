// A half-written file is not tested, and a failure while somebody writes says nothing.
#include "autoheal/workflows/effects/open_writers.hpp"
#include "tests/support/worlds/watched_machine.hpp"

namespace autoheal::workflows {
namespace {

using namespace watching;  // every test speaks of the machine
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

EngineSpec on_demand(const std::string& name) {
  EngineSpec spec = engine(name);
  spec.every = Duration{0};
  return spec;
}

TEST(WatchWriters, AClosedFileIsTestedAtOnceAndAnOpenOneOnceItIsQuiet) {
  Machine machine = under_test(on_demand("A"));
  machine.passes("A");
  machine.watch.file_event("A", "app.conf", FileEvent::written, machine.now);
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait(milliseconds(300));
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.watch.file_event("A", "app.conf", FileEvent::closed, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  machine.watch.file_event("A", "app.conf", FileEvent::written, machine.now);
  machine.wait_for_wake();
  EXPECT_EQ(machine.now, std::chrono::hours(100) + milliseconds(300) + quiet_after);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A")) << "open is not writing";
}

TEST(WatchWriters, AReplacedFileIsTestedAtOnce) {
  Machine machine = under_test(on_demand("A"));
  machine.passes("A");
  machine.watch.file_event("A", "app.conf", FileEvent::written, machine.now);
  machine.watch.file_event("A", "app.conf", FileEvent::moved, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchWriters, AFailureWhileSomebodyWritesIsNoFailure) {
  Machine machine = under_test(engine("A"));
  machine.fails_while_written("A", "app.conf is being written by pid 7 (vim)");
  EXPECT_THAT(machine.all_acts(), IsEmpty()) << "no outcome, no heal";
  EXPECT_FALSE(machine.watch.seen("A")->outcome.has_value());
  machine.wait_for_wake();
  EXPECT_EQ(machine.now, std::chrono::hours(100) + look_at_writers_every);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
}

TEST(WatchWriters, WhatIsBadOnceItIsWrittenIsHealedOnce) {
  Machine machine = under_test(engine("A"));
  machine.fails_while_written("A", "app.conf is being written by pid 7 (vim)");
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchWriters, EventsAloneTellWhereNobodyCanBeSeen) {
  Machine machine = under_test(engine("A"));
  machine.watch.file_event("A", "app.conf", FileEvent::written, machine.now);
  machine.fails("A");
  EXPECT_THAT(machine.all_acts(), IsEmpty());
  machine.watch.file_event("A", "app.conf", FileEvent::closed, machine.now);
  EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchWriters, WhatOnlySettlesIsNotWaitedForWithoutEnd) {
  Machine machine = under_test(engine("A"));
  const Duration began = machine.now;
  unsigned tests = 1;
  std::vector<std::string> acts;
  while (acts.empty()) {
    machine.fails_while_written("A", "app.conf was emptied or moved away a moment ago", Writing::settling);
    acts = machine.acts();
    if (!acts.empty()) break;
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
    ++tests;
  }
  EXPECT_THAT(acts, ElementsAre("heal A"));
  EXPECT_EQ(machine.now - began, quiet_after);
  EXPECT_LE(tests, 14U);
}

TEST(WatchWriters, WhatIsWrittenWithoutEndIsNamedOnceAndHealedWhenItIsQuiet) {
  Machine machine = under_test(engine("A"));
  const Duration began = machine.now;
  std::vector<std::string> told;
  while (machine.now - began < minutes(3)) {
    machine.fails_while_written("A", "app.conf is being written by pid 7 (dd)");
    for (const std::string& act : machine.acts()) told.push_back(act);
    machine.wait_for_wake();
    EXPECT_THAT(machine.acts(), ElementsAre("test A"));
  }
  EXPECT_THAT(told, ElementsAre("skip A being_written"));
  EXPECT_EQ(machine.watch.seen("A")->skipped, "being_written");
  machine.fails("A");
  EXPECT_THAT(machine.acts(), ElementsAre("heal A"));
}

TEST(WatchWriters, WhoNeedsItWaitsUntilItIsWritten) {
  Machine machine({engine("Base"), engine("Top", {"Base"})});
  EXPECT_THAT(machine.acts(), ElementsAre("test Base", "test Top"));
  machine.fails_while_written("Base", "app.conf is being written by pid 7 (vim)");
  machine.fails("Top");
  EXPECT_THAT(machine.acts(), IsEmpty());
  machine.wait_for_wake();
  EXPECT_THAT(machine.acts(), ElementsAre("test Base"));
  machine.passes("Base");
  EXPECT_THAT(machine.acts(), ElementsAre("heal Top"));
}

TEST(WatchWriters, APassWhileSomebodyWritesIsAPass) {
  Machine machine = under_test(engine("A"));
  machine.watch.file_event("A", "app.conf", FileEvent::written, machine.now);
  machine.passes("A");
  EXPECT_THAT(machine.all_acts(), ElementsAre("record A passed"));
}

}  // namespace
}  // namespace autoheal::workflows
