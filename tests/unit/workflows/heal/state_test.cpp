// Databases and services that are brought back: which snapshot, in which order, and what is left alone.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<HealWorld> world_of(const std::string& name, int certification_status = 0) {
  return make_world(*std::ranges::find(heal_examples(), name, &HealExample::name), certification_status);
}

TEST(State, IsRestoredFromTheNewestSnapshotThatCanServe) {
  const auto world = world_of("state_restored");
  EXPECT_EQ(heal(*world).phase(), Phase::complete);
  EXPECT_EQ(world->host.content("app.db"), "sqlite: users");
}

TEST(State, IsNotRestoredFromASnapshotThatIsTooOld) {
  const auto world = world_of("state_restored");
  world->spec.repair.state[0].max_age = std::chrono::hours(1);
  for (auto& snapshot : world->host.snapshots["/snapshots"]) snapshot.age = std::chrono::hours(5);
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem,
              HasSubstr("new is damaged; old is 5 hours old, older than max_age allows; oldest is 5 hours old"));
  EXPECT_EQ(world->host.content("app.db"), "sqlite: no table");
}

TEST(State, ThatDidNotHelpIsNotRestoredAgain) {
  const auto world = world_of("state_restored", 1);
  world->spec.healing.max_retries = 3;
  const HealState state = heal(*world);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("old did not help before; oldest did not help before"));
  EXPECT_EQ(world->host.content("app.db"), "sqlite: no table");
}

TEST(State, IsLeftAloneAtFirstWhereOnlyTheServiceIsDead) {
  const auto world = world_of("state_restored");
  with_service(*world);
  tests_with(*world, [&] { return world->host.process_runs("run/app.pid"); });
  EXPECT_EQ(heal(*world).phase(), Phase::complete);
  EXPECT_EQ(world->host.content("app.db"), "sqlite: no table");
}

TEST(State, IsRestoredNextWhereTheServiceAloneDidNotHelp) {
  const auto world = world_of("state_restored");
  with_service(*world);
  EXPECT_EQ(heal(*world).attempt_number(), 2U);
  EXPECT_EQ(world->host.content("app.db"), "sqlite: users");
}

TEST(State, IsRestoredWhileItsServiceIsStopped) {
  const auto world = world_of("state_swapped");
  ASSERT_EQ(heal(*world).phase(), Phase::complete);
  std::vector<std::string> order;
  for (const std::string& line : world->host.log()) {
    const std::string what = line.substr(line.rfind(' ') + 1);
    if (!what.starts_with("/tests")) order.push_back(what);
  }
  EXPECT_THAT(order, ElementsAre("/bin/app-stop", "app.db-wal", "app.db", "/bin/app-start"));
}

TEST(State, ThatTheServiceWroteToIsPutBackAllTheSame) {
  const auto world = world_of("state_swapped", 1);
  const std::string before = world->host.picture();
  world->host.hooks.before_restore = [&] { world->host.write("app.db", "sqlite: users, and one more"); };
  const HealState state = heal(*world);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted) << state.so_far.last_problem;
  EXPECT_EQ(world->host.picture(), before);
}

TEST(State, ThatSomebodyWroteToStaysWhereNoServiceIsKnown) {
  const auto world = world_of("state_restored", 1);
  world->spec.healing.max_retries = 1;
  world->host.hooks.before_restore = [&] { world->host.write("app.db", "sqlite: users, and one more"); };
  const HealState state = heal(*world);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_EQ(world->host.content("app.db"), "sqlite: users, and one more");
}

}  // namespace
}  // namespace autoheal::workflows
