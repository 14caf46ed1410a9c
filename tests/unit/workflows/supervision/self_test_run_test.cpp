// A self-test run: each engine is tested after those that it needs, failures are healed, the summary says the rest.
#include <gmock/gmock.h>

#include "tests/unit/workflows/supervision/trigger_fixture.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

TEST(SelfTestRun, HealsWhatFailsAndIsStable) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A"), broken_engine(world, "B")});
  world.host.write("B/app.conf", "right of B");
  const SelfTestState run = machine.self_test({{"A", {}}, {"B", {}}});
  EXPECT_EQ(run.completed->status, "Stable");
  EXPECT_EQ(run.completed->engines_verified, 2U);
  EXPECT_EQ(run.completed->autoheal_invocations, 1U);
}

TEST(SelfTestRun, WithoutHealingItOnlyLooks) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  const SelfTestState run = machine.self_test({{"A", {}}}, false);
  EXPECT_EQ(run.completed->status, "Degraded");
  EXPECT_EQ(world.host.content("A/app.conf"), "wrong");
  EXPECT_EQ(count_of(world, "heal.triggered"), 0U);
}

TEST(SelfTestRun, WhatAnEngineNeedsIsHealedFirst) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "Base"), broken_engine(world, "Top")});
  const SelfTestState run = machine.self_test({{"Top", {"Base"}}, {"Base", {}}});
  EXPECT_EQ(run.completed->status, "Stable");
  std::vector<std::string> order;
  const auto page = world.ledger.read_all({}, 1000);
  for (const auto& entry : page->entries) {
    if (entry.type == "heal.completed" || entry.type == "selftest.engine_tested")
      order.push_back(entry.type + " " + entry.subject);
  }
  EXPECT_THAT(order, ::testing::ElementsAre("selftest.engine_tested Base", "heal.completed Base",
                                            "selftest.engine_tested Top", "heal.completed Top"));
}

TEST(SelfTestRun, AFailedDependencyEndsTheDependentWithoutAnAttempt) {
  HealWorld world;
  HealMachine machine(world, {hopeless_engine(world, "Base"), broken_engine(world, "Top")});
  const SelfTestState run = machine.self_test({{"Base", {}}, {"Top", {"Base"}}});
  EXPECT_EQ(run.completed->status, "Degraded");
  EXPECT_EQ(run.healed.at("Top").attempts, 0U);
  EXPECT_EQ(run.healed.at("Top").reason, "dependency_failed");
  EXPECT_EQ(world.host.content("Top/app.conf"), "wrong");
}

TEST(SelfTestRun, WhatCannotBeTestedMakesTheRunFailed) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  const SelfTestState run = machine.self_test({{"A", {}}, {"Ghost", {}}});
  EXPECT_EQ(run.completed->status, "Failed");
}

}  // namespace
}  // namespace autoheal
