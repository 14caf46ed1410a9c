// The heal on a machine in memory: what heals, what is refused and put back, what others edit meanwhile.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EveryRepairKind : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(Heal, EveryRepairKind, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(EveryRepairKind, IsHealedAndCertified) {
  const auto world = make_world(GetParam());
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_EQ(state.attempt_number(), 1U);
}

TEST_P(EveryRepairKind, IsPutBackWhenCertificationRefuses) {
  const auto world = make_world(GetParam(), 1);
  const std::string before = world->host.picture();
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted) << state.so_far.last_problem;
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(world->host.picture(), before);
}

std::string outcome_of(HealWorld& world) {
  std::string text = world.host.picture();
  const auto entries = world.ledger.read_stream(world.heal, 1);
  return text + (entries && !entries->empty() ? entries->back().type : "no heal");
}

std::string differences(const HealExample& example, int certification_status, std::size_t& commits) {
  engine::testing::CrashScript script;
  script.make_world = [&]() -> std::shared_ptr<void> { return make_world(example, certification_status); };
  script.ledger_of = [](void* world) -> engine::Ledger& { return static_cast<HealWorld*>(world)->ledger; };
  script.run = [](void* opaque, engine::Ledger& ledger, bool recovering) {
    auto& world = *static_cast<HealWorld*>(opaque);
    HealProcess process(world, ledger);
    if (recovering) {
      process.recover();
      if (world.heal.empty()) world.heal = ledger.read_all({}, 1)->entries.front().stream;
    } else {
      process.start();
    }
    process.run();
  };
  script.outcome = [](void* world) { return outcome_of(*static_cast<HealWorld*>(world)); };
  std::string text;
  for (const auto& difference : crash_at_every_append(script, commits)) {
    text += "cut after commit " + std::to_string(difference.cut_after) +
            (difference.moment == engine::testing::CutMoment::before_effects ? " before" : " after") + " effects:\n" +
            difference.actual + "\ninstead of\n" + difference.expected + "\n";
  }
  return text;
}

TEST_P(EveryRepairKind, Case108_EndsTheSameWhereverTheProcessDies) {
  std::size_t commits = 0;
  EXPECT_EQ(differences(GetParam(), 0, commits), "");
  EXPECT_GE(commits, 4U);
}

TEST_P(EveryRepairKind, Case108_IsPutBackWhereverTheProcessDies) {
  std::size_t commits = 0;
  EXPECT_EQ(differences(GetParam(), 1, commits), "");
  EXPECT_GE(commits, 8U);
}

std::shared_ptr<HealWorld> broken_file() { return make_world(heal_examples().front()); }

TEST(Heal, WithoutCommandsTakesFourCommits) {
  const auto world = broken_file();
  std::size_t commits = 0;
  HealProcess process(*world, world->ledger);
  process.runner().hooks.committed = [&](engine::Position) { ++commits; };
  process.start();
  process.run();
  EXPECT_EQ(commits, 4U);
  EXPECT_THAT(entry_types(*world), ElementsAre("triggered", "repair_started", "plan_recorded", "plan_certified",
                                               "repair_finished", "certification_started", "certified", "completed"));
}

TEST(Heal, Case118_KeepsTheRetryDelayOnTheBootClock) {
  const auto world = make_world(heal_examples().front(), 1);
  world->spec.healing.retry_delay = std::chrono::seconds(90);
  HealProcess process(*world, world->ledger);
  process.start();
  while (process.runner().turn()) {
  }
  EXPECT_EQ(entry_types(*world).back(), "retry_scheduled");
  world->clock.advance(std::chrono::seconds(89));
  world->clock.set_wall(world->clock.now() + std::chrono::hours(5));
  EXPECT_FALSE(process.runner().turn());
  world->clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(process.runner().turn());
  process.run();
  EXPECT_EQ(process.last->attempt_number(), 2U);
}

TEST(Heal, AnEditBetweenPlanAndApplyIsKept) {
  const auto world = broken_file();
  world->spec.healing.max_retries = 1;
  world->host.hooks.before_apply = [&] { world->host.write("etc/app.conf", "mine\n"); };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(world->host.content("etc/app.conf"), "mine\n");
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("etc/app.conf was changed by somebody else"));
}

TEST(Heal, AnEditBetweenApplyAndCertificationIsKeptAndNamed) {
  const auto world = broken_file();
  world->host.hooks.after_apply = [&] { world->host.write("etc/app.conf", "mine\n"); };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_EQ(world->host.content("etc/app.conf"), "mine\n");
  EXPECT_EQ(state.attempt->undone.at(1).status, UndoStatus::foreign);
}

TEST(Heal, AnEditWithTheSameBytesAfterTheHashesIsSeen) {
  const auto world = broken_file();
  world->spec.healing.max_retries = 1;
  world->host.hooks.before_look = [&] { world->host.write("etc/app.conf", "port = 8080\n", 0640); };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("changed by somebody else after the repair"));
}

TEST(Heal, AnEditBeforeRollbackIsKeptAndRolledBackOnRequestLater) {
  const auto world = make_world(heal_examples().front(), 1);
  bool edited = false;
  world->host.hooks.before_restore = [&] {
    if (std::exchange(edited, true)) return;
    world->host.write("etc/app.conf", "mine\n");
  };
  HealProcess process(*world, world->ledger);
  process.start();
  process.run();
  ASSERT_TRUE(process.last);
  EXPECT_EQ(end_reason(*process.last), EndReason::rollback_incomplete);
  EXPECT_EQ(world->host.content("etc/app.conf"), "mine\n");
}

TEST(Heal, ARefusedPlanTouchesNothing) {
  const auto world = broken_file();
  world->spec.certify.security.max_mode = 0600;
  const auto before = world->host.picture(true);
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(world->host.picture(true), before);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("max_mode"));
}

TEST(Heal, ABaselineThatWasNotAdoptedRefusesThePlan) {
  const auto world = broken_file();
  world->policy.baseline = Adopted{{{}, {{"baseline/app.conf", "sha256:other"}}}, "sha256:manifest"};
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("is not the one that was adopted"));
}

TEST(Heal, Case19_ARoleThatWasTakenAwayRefusesThePlan) {
  const auto world = broken_file();
  world->policy.role = "observer";
  const auto before = world->host.picture(true);
  EXPECT_EQ(heal(*world).phase(), Phase::exhausted);
  EXPECT_EQ(world->host.picture(true), before);
}

TEST(Heal, SwitchedOffMeanwhileRollsBackAndEnds) {
  const auto world = make_world(heal_examples().front(), 1);
  const auto before = world->host.picture();
  HealProcess first(*world, world->ledger);
  first.start();
  while (first.runner().turn() && entry_types(*world).size() < 4) {
  }
  world->policy.must_end = EndReason::disabled;
  HealProcess second(*world, world->ledger);
  second.recover();
  second.run();
  ASSERT_TRUE(second.last);
  EXPECT_EQ(end_reason(*second.last), EndReason::disabled);
  EXPECT_EQ(world->host.picture(), before);
}

TEST(Heal, ACommandThatMayNotBeRepeatedFailsTheAttemptAfterACrash) {
  for (const auto& example : heal_examples()) {
    if (example.name != "commands") continue;
    const auto world = make_world(example);
    world->spec.repair.commands[0].repeatable = false;
    world->spec.healing.max_retries = 1;
    engine::testing::CutLedger cut(world->ledger, 3,
                                   engine::testing::CutMoment::after_effects);  // right after its intent
    HealProcess first(*world, cut);
    first.start();
    first.run();
    HealProcess second(*world, world->ledger);
    second.recover();
    second.run();
    ASSERT_TRUE(second.last);
    EXPECT_EQ(second.last->phase(), Phase::exhausted);
    EXPECT_THAT(second.last->so_far.last_problem, HasSubstr("is not known"));
  }
}

TEST(Heal, Case109_ThatKeepsKillingTheProcessIsSetAside) {
  const auto world = broken_file();
  engine::testing::CutLedger first_cut(world->ledger, 1, engine::testing::CutMoment::after_effects);
  HealProcess first(*world, first_cut);
  first.start();
  first.run();
  for (unsigned crash = 0; crash < resumptions_allowed; ++crash) {
    engine::testing::CutLedger cut(world->ledger, 1, engine::testing::CutMoment::after_effects);
    HealProcess process(*world, cut);
    process.recover();
    process.run();
  }
  HealProcess last(*world, world->ledger);
  last.recover();
  last.run();
  ASSERT_TRUE(last.last);
  EXPECT_EQ(end_reason(*last.last), EndReason::crash_loop);
}

// A heal whose next attempt is due tomorrow.
std::shared_ptr<HealWorld> world_of_a_waiting_heal() {
  auto world = broken_file();
  certify_with(*world, 1);
  world->spec.healing.retry_delay = std::chrono::hours(24);
  HealProcess process(*world, world->ledger);
  process.start();
  while (process.runner().turn()) {
  }
  EXPECT_EQ(entry_types(*world).back(), "retry_scheduled");
  return world;
}

TEST(Heal, Case109_ThatOnlyWaitsDuringRestartsIsNotSetAside) {
  const auto world = world_of_a_waiting_heal();
  for (unsigned restart = 0; restart < 2 * resumptions_allowed; ++restart) {
    HealProcess process(*world, world->ledger);
    process.recover();
    while (process.runner().turn()) {
    }
  }
  certify_with(*world, 0);
  HealProcess last(*world, world->ledger);
  last.recover();
  last.run();
  ASSERT_TRUE(last.last);
  EXPECT_EQ(last.last->phase(), Phase::complete);
}

TEST(Heal, ThatWaitsDoesNotKeepOthersFromBeingResumed) {
  const auto world = world_of_a_waiting_heal();
  const std::string waits = world->heal;
  certify_with(*world, 0);
  engine::testing::CutLedger first_cut(world->ledger, 1, engine::testing::CutMoment::after_effects);
  HealProcess first(*world, first_cut);
  first.start();
  while (first.runner().turn()) {
  }
  for (unsigned crash = 0; crash < 2; ++crash) {  // both may be what kills the process, as far as anybody can tell
    engine::testing::CutLedger cut(world->ledger, 1, engine::testing::CutMoment::after_effects);
    HealProcess process(*world, cut);
    process.recover();
    while (process.runner().turn()) {
    }
  }
  HealProcess last(*world, world->ledger);
  last.recover();
  while (last.runner().turn()) {
  }
  ASSERT_TRUE(last.last) << "the other one waits for " << waits;
  EXPECT_EQ(last.last->phase(), Phase::complete);
}

}  // namespace
}  // namespace autoheal
