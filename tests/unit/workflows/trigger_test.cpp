// From a failed self-test to heals: one per engine, as many at once as allowed, none where healing is switched off;
// what an engine needs is healed first.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/heal_machine.hpp"

namespace autoheal {
namespace {

using namespace testing;
using namespace workflows;

std::size_t count_of(const HealWorld& world, std::string_view type) {
  const auto page = world.ledger.read_all({}, 10'000);
  return static_cast<std::size_t>(std::ranges::count(page->entries, type, &engine::Entry::type));
}

TEST(Trigger, ASecondFailureJoinsTheOpenHeal) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  machine.heal("A");
  machine.heal("A");
  machine.run_until(2);
  EXPECT_EQ(machine.results[0].heal, machine.results[1].heal);
  EXPECT_EQ(count_of(world, "heal.triggered"), 1U);
  EXPECT_EQ(count_of(world, "heal.trigger_joined"), 1U);
  EXPECT_EQ(machine.results[0].ending, HealEnding::certified);
}

TEST(Trigger, NoMoreHealsAtOnceThanAllowedAndTheRestWaitInTriggered) {
  HealWorld world;
  std::vector<EngineSpec> specs;
  for (const char* name : {"A", "B", "C", "D", "E"}) specs.push_back(broken_engine(world, name));
  HealMachine machine(world, specs, {2, true});
  unsigned at_once = 0, most = 0;
  machine.runtime->runner().hooks.committed = [&](engine::Position) {
    at_once = 0;
    for (const auto& [engine, heal] : machine.trigger.open_heals()) {
      const auto* state = machine.runtime->runner().state<Heal>(heal);
      if (state != nullptr && state->phase != Phase::triggered && state->phase != Phase::complete) ++at_once;
    }
    most = std::max(most, at_once);
  };
  for (const EngineSpec& spec : specs) machine.heal(spec.name);
  machine.run_until(5);
  EXPECT_EQ(most, 2U);
  for (const HealResult& result : machine.results) EXPECT_EQ(result.ending, HealEnding::certified);
}

TEST(Trigger, SwitchedOffIsOneEntryAndNoChange) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")}, {16, false});
  const std::string before = world.host.picture(true);
  machine.heal("A");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::skipped);
  EXPECT_EQ(count_of(world, "heal.skipped"), 1U);
  EXPECT_EQ(world.ledger.read_all({}, 10)->entries.size(), 1U);
  EXPECT_EQ(world.host.picture(true), before);
}

TEST(Trigger, ModeObserveTouchesNothingUnlessAsked) {
  HealWorld world;
  EngineSpec spec = broken_engine(world, "A");
  spec.healing.observe_only = true;
  HealMachine machine(world, {spec});
  machine.heal("A");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::skipped);
  EXPECT_EQ(world.host.content("A/app.conf"), "wrong");
}

TEST(Trigger, AnUnknownEngineNeverBegins) {
  HealWorld world;
  HealMachine machine(world, {});
  machine.heal("Nobody");
  machine.run_until(1);
  EXPECT_EQ(
      to_json(machine.results[0], true),
      R"({"engine":"Nobody","action":"auto_heal_failed","result":"❌ healing failed","error":"no engine of this name is configured"})");
}

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
