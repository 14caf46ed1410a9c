// A heal that is cancelled at any moment of its life, again and again, also in the very turn in which it ends.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

// When it comes: after the first, second, ... commit; before what that commit's effects have to tell, or after it.
struct Moment {
  std::size_t commit = 0;
  bool after_effects = false;
};

void cancel_twice(HealProcess& process, const std::string& heal) {
  for (const char* who : {"ops", "dba"})
    process.runner().submit<Heal>(heal, Cancel{EndReason::cancelled, {who, "admiral", 1000, {}, "socket", {}}});
}

// Runs to the end and is cancelled at `moment`; returns how many commits it took.
std::size_t run_cancelled(HealWorld& world, const Moment& moment) {
  HealProcess process(world, world.ledger);
  std::size_t commits = 0;
  bool cancelled = false;
  const auto cancel = [&] {
    if (!std::exchange(cancelled, true)) cancel_twice(process, world.heal);
  };
  process.runner().hooks.committed = [&](engine::Position) {
    ++commits;
    if (commits == 1) world.heal = world.ledger.read_all({}, 1)->entries.front().stream;
    if (commits == moment.commit && !moment.after_effects) cancel();
  };
  process.start();
  process.run([&] {
    if (commits == moment.commit) cancel();
    return true;
  });
  EXPECT_TRUE(process.last.has_value()) << "it did not end";
  cancel_twice(process, world.heal);  // of one that has ended
  process.run();
  return commits;
}

// `reason` of its last entry, if that is the end of an exhausted heal.
std::string reason_of_end(const HealWorld& world) {
  const auto data = nlohmann::json::parse(world.ledger.read_stream(world.heal, 1)->back().data);
  return data.value("reason", std::string());
}

// It ended once; what it changed is put back unless it is certified.
void expect_one_end(const HealWorld& world, const std::string& before) {
  const auto types = entry_types(world);
  const auto count = [&types](const char* type) { return std::ranges::count(types, type); };
  EXPECT_EQ(count("completed") + count("exhausted"), 1);
  EXPECT_TRUE(types.back() == "completed" || types.back() == "exhausted") << types.back();
  EXPECT_LE(count("cancel_requested"), 1);
  EXPECT_TRUE(world.ledger.open_streams()->empty());
  if (count("exhausted") == 0) {
    EXPECT_EQ(count("cancel_requested"), 0) << "what is certified before it was heard stays so";
    return;
  }
  EXPECT_EQ(world.host.picture(), before) << "what was changed is put back";
  EXPECT_EQ(reason_of_end(world) == "cancelled", count("cancel_requested") == 1) << reason_of_end(world);
}

class CancelledHeal : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(Heal, CancelledHeal, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(CancelledHeal, Case114_EndsOnceWheneverThatComes) {
  for (const int verdict : {0, 1}) {
    std::size_t commits = 1;
    for (std::size_t commit = 1; commit <= commits; ++commit) {
      for (const bool after_effects : {false, true}) {
        SCOPED_TRACE((after_effects ? "after commit " : "in commit ") + std::to_string(commit) +
                     (verdict == 0 ? ", certified" : ", refused"));
        const auto world = make_world(GetParam(), verdict);
        world->spec.healing.retry_delay = std::chrono::seconds(90);
        const std::string before = world->host.picture();
        commits = std::max(commits, run_cancelled(*world, {commit, after_effects}));
        expect_one_end(*world, before);
      }
    }
    EXPECT_GE(commits, 4U);
  }
}

// The process dies after any commit, and the cancellation comes before its successor has had its first turn.
TEST_P(CancelledHeal, Case114_EndsOnceAlsoWhereItHasToBeResumedFirst) {
  for (std::size_t commit = 1; commit < 8; ++commit) {
    SCOPED_TRACE("died after commit " + std::to_string(commit));
    const auto world = make_world(GetParam(), 1);
    const std::string before = world->host.picture();
    engine::testing::CutLedger cut(world->ledger, commit, engine::testing::CutMoment::after_effects);
    HealProcess first(*world, cut);
    first.start();
    first.run();
    if (world->ledger.open_streams()->empty()) break;
    HealProcess second(*world, world->ledger);
    second.recover();
    cancel_twice(second, world->heal);
    second.run();
    // A build that was interrupted is not run again for one that ends: nobody knows what of its outputs is its own.
    if (GetParam().name == "build" && reason_of_end(*world) == "rollback_incomplete") continue;
    expect_one_end(*world, before);
  }
}

// The certificate and the cancellation are in one turn: the one that was heard first decides.
TEST(CancelledAtItsEnd, Case114_WhatIsHeardFirstDecides) {
  for (const bool after_effects : {false, true}) {
    const auto world = make_world(heal_examples().front());
    (void)run_cancelled(*world, {3, after_effects});
    EXPECT_EQ(entry_types(*world).back(), after_effects ? "completed" : "exhausted");
  }
}

// The heal has ended, but what it could not put back is tried once more: there is nothing to cancel in that.
TEST(CancelledAtItsEnd, WhileItIsRolledBackOnceMoreThatGoesOn) {
  const auto world = make_world(heal_examples().front(), 1);
  bool edited = false;
  world->host.hooks.before_restore = [&] {
    if (!std::exchange(edited, true)) world->host.write("etc/app.conf", "mine\n");
  };
  HealProcess process(*world, world->ledger);
  process.start();
  process.run();
  ASSERT_EQ(reason_of_end(*world), "rollback_incomplete");
  Result<std::string> begun = failure(ErrorKind::not_found, "nobody was told");
  process.runner().reopen<Heal>(world->heal, RetryRollback{}, [&](Result<std::string> told) { begun = told; });
  cancel_twice(process, world->heal);
  process.run();
  EXPECT_TRUE(begun.has_value());
  EXPECT_EQ(entry_types(*world).back(), "rolled_back");
  EXPECT_EQ(std::ranges::count(entry_types(*world), "cancel_requested"), 0);
}

}  // namespace
}  // namespace autoheal
