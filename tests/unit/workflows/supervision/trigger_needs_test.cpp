// An engine is healed after the engines that it needs, and not at all if one of them cannot be healed.
#include <gmock/gmock.h>

#include "tests/unit/workflows/supervision/trigger_fixture.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

TEST(TriggerNeeds, TheDependentWaitsInTriggeredWithoutASlot) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "Base"), broken_engine(world, "Top")}, {1, true});
  machine.heal("Base", {.error = "it is broken"}, "daemon");
  machine.heal("Top", needing({"Base"}), "daemon");
  machine.run_until(2);
  EXPECT_THAT(entries_of(world, {"heal.triggered", "heal.repair_started", "heal.completed", "heal.trigger_joined"}),
              ::testing::ElementsAre("heal.triggered Base", "heal.repair_started Base", "heal.triggered Top",
                                     "heal.completed Base", "heal.repair_started Top", "heal.completed Top"));
}

TEST(TriggerNeeds, WhatFailsBelowIsHealedFirstWhereAPersonAsks) {
  HealWorld world;
  EngineSpec middle = broken_engine(world, "Middle"), top = broken_engine(world, "Top");
  middle.depends_on = {"Base"};
  top.depends_on = {"Middle", "Fine"};
  HealMachine machine(world, {broken_engine(world, "Base"), broken_engine(world, "Fine"), middle, top}, {1, true});
  world.host.write("Fine/app.conf", "right of Fine");
  machine.trigger.hooks.test = [&](EngineToHeal engine) -> boost::asio::awaitable<TestReport> {
    const bool fine = world.host.content(engine.spec->name + "/app.conf").starts_with("right");
    TestReport report;
    report.tested.engine = engine.spec->name;
    report.tested.outcome = fine ? TestOutcome::passed : TestOutcome::failed;
    co_return report;
  };
  machine.heal("Top", {.error = "it is broken", .asked_for = true}, "cli");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::certified);
  EXPECT_THAT(entries_of(world, {"heal.triggered", "heal.completed"}),
              ::testing::ElementsAre("heal.triggered Top", "heal.triggered Middle", "heal.triggered Base",
                                     "heal.completed Base", "heal.completed Middle", "heal.completed Top"));
}

TEST(TriggerNeeds, WhatCannotBeHealedBelowEndsItWithoutAnAttempt) {
  HealWorld world;
  HealMachine machine(world, {hopeless_engine(world, "Base"), broken_engine(world, "Top")});
  std::vector<std::string> told;
  listen(machine, told);
  machine.heal("Base", {.error = "it is broken"}, "daemon");
  machine.heal("Top", needing({"Base"}), "daemon");
  machine.run_until(2);
  EXPECT_EQ(machine.results[1].engine, "Top");
  EXPECT_EQ(machine.results[1].reason, "dependency_failed");
  EXPECT_EQ(machine.results[1].attempts, 0U);
  EXPECT_EQ(world.host.content("Top/app.conf"), "wrong");
  EXPECT_THAT(told, ::testing::ElementsAre("began Base", "began Top", "ended Base attempts_exhausted",
                                           "ended Top dependency_faileddependency_failed"));
}

TEST(TriggerNeeds, AHealBelowThatEndsWhileTheDependentBeginsIsNotBegunAgain) {
  for (const bool hopeless : {false, true}) {
    HealWorld world;
    HealMachine machine(
        world, {hopeless ? hopeless_engine(world, "Base") : broken_engine(world, "Base"), broken_engine(world, "Top")});
    machine.heal("Base", {.error = "it is broken"}, "daemon");
    // The watch asked for Top's heal while Base was being healed; it is over when Top's begins.
    machine.run_until(1);
    machine.heal("Top", needing({"Base"}), "daemon");
    machine.run_until(2);
    EXPECT_EQ(machine.results[1].reason, hopeless ? "dependency_failed" : "");
    EXPECT_EQ(count_of(world, "heal.triggered"), 2U) << "Base's brakes are not for Top to pass";
  }
}

TEST(TriggerNeeds, WhatIsHeldBelowEndsItToo) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "Base"), broken_engine(world, "Top")});
  machine.trigger.hooks.hold_on = [](const std::string& engine) {
    return engine == "Base" ? std::optional(Hold{Timestamp::max(), {}}) : std::nullopt;
  };
  machine.heal("Base", {.error = "it is broken"}, "daemon");
  machine.heal("Top", needing({"Base"}), "daemon");
  machine.run_until(2);
  EXPECT_EQ(machine.results[1].reason, "dependency_failed");
  EXPECT_EQ(count_of(world, "heal.skipped"), 1U) << "told once";
}

TEST(TriggerNeeds, WhatPassesOnceItsNeedsWereHealedIsLeftAsItIs) {
  HealWorld world;
  EngineSpec top = broken_engine(world, "Top");
  top.strategy = Strategy::generic;
  top.repair = {};
  ServiceRepair service;
  service.restart = runs({"/bin/restart"});
  top.repair.service = service;
  // Top works as soon as Base's file is right.
  const auto right = world.baseline("right of Base");
  top.self_test = {probe("base", FileProbe{"Base/app.conf", "baseline", right, {}, {}, {}})};
  HealMachine machine(world, {broken_engine(world, "Base"), top});
  machine.heal("Base", {.error = "it is broken"}, "daemon");
  machine.heal("Top", needing({"Base"}), "daemon");
  machine.run_until(2);
  EXPECT_EQ(machine.results[1].ending, HealEnding::certified);
  for (const std::string& line : world.host.log()) EXPECT_FALSE(line.ends_with("/bin/restart")) << line;
  EXPECT_THAT(data_of_last(world, "heal.plan_recorded"), ::testing::HasSubstr(R"("recovered":true)"));
}

TEST(TriggerNeeds, TheWaitSurvivesACrash) {
  for (const bool hopeless : {false, true}) {
    HealWorld world;
    const std::vector<EngineSpec> specs = {broken_engine(world, "Top"),
                                           hopeless ? hopeless_engine(world, "Base") : broken_engine(world, "Base")};
    {
      HealMachine machine(world, specs, {1, true});
      machine.heal("Base", {.error = "it is broken"}, "daemon");
      machine.heal("Top", needing({"Base"}), "daemon");
      while (count_of(world, "heal.triggered") < 2) machine.loop.run_one();
    }
    HealMachine machine(world, specs, {1, true});
    std::vector<std::string> told;
    listen(machine, told);
    machine.recover();
    machine.settle();
    if (hopeless) {
      EXPECT_THAT(told, ::testing::ElementsAre("began Base", "began Top", "ended Base attempts_exhausted",
                                               "ended Top dependency_faileddependency_failed"));
      EXPECT_EQ(world.host.content("Top/app.conf"), "wrong");
    } else {
      EXPECT_THAT(told,
                  ::testing::ElementsAre("began Base", "began Top", "ended Base certified", "ended Top certified"));
      EXPECT_EQ(world.host.content("Top/app.conf"), "right of Top");
    }
  }
}

TEST(TriggerNeeds, ACancelledDependentWaitsForNothing) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "Base"), broken_engine(world, "Top")});
  machine.heal("Base", {.error = "it is broken"}, "daemon");
  machine.heal("Top", needing({"Base"}), "daemon");
  while (count_of(world, "heal.triggered") < 2) machine.loop.run_one();
  machine.runtime->runner().submit<Heal>(machine.trigger.open_heals().at("Top"), Cancel{EndReason::cancelled, {}});
  machine.run_until(2);
  EXPECT_EQ(count_of(world, "heal.completed"), 1U);
  EXPECT_EQ(count_of(world, "heal.exhausted"), 1U);
  EXPECT_EQ(world.host.content("Top/app.conf"), "wrong");
}

}  // namespace
}  // namespace autoheal
