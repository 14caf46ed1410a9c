// From a failed self-test to heals: one per engine, as many at once as allowed, none where healing is switched off.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/effects/plan_preview.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/workflows/supervision/trigger_fixture.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

TEST(Trigger, Case115_TwoFailuresAtOnceAHundredTimesAreOneHealEach) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  machine.trigger.hooks.test = [](EngineToHeal) -> boost::asio::awaitable<TestReport> { co_return TestReport{}; };
  constexpr std::size_t rounds = 100;
  for (std::size_t round = 1; round <= rounds; ++round) {
    world.host.write("A/app.conf", "wrong");
    machine.heal("A", {.error = "it is broken"}, "daemon");
    machine.heal("A", {.error = "a person sees it, too", .asked_for = true}, "socket");
    machine.run_until(2 * round);
    const HealResult &first = machine.results.at(2 * round - 2), &second = machine.results.at(2 * round - 1);
    EXPECT_EQ(first.heal, second.heal);
    EXPECT_EQ(first.ending, HealEnding::certified);
    EXPECT_EQ(second.ending, HealEnding::certified);
  }
  EXPECT_EQ(count_of(world, "heal.triggered"), rounds);
  EXPECT_EQ(count_of(world, "heal.trigger_joined"), rounds);
  EXPECT_EQ(count_of(world, "heal.completed"), rounds);
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
      if (state != nullptr && state->phase() != Phase::triggered && state->phase() != Phase::complete) ++at_once;
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

// Masked: no attempt could bring it up. The daemon's watch knows that before it begins a heal; others are told.
TEST(Trigger, WhatAManagerHoldsBackIsToldWithoutAnAttempt) {
  HealWorld world;
  EngineSpec spec = broken_engine(world, "A");
  spec.repair.service.emplace().unit = "a.service";
  HealMachine machine(world, {spec});
  unsigned asked = 0;
  machine.trigger.hooks.held_back = [&](EngineToHeal engine) -> boost::asio::awaitable<std::string> {
    ++asked;
    co_return held_back_service(world.host, *engine.spec);
  };
  world.host.set_unit("a.service", ServiceState::held_back);
  const std::string before = world.host.picture(true);
  machine.heal("A", {.error = "it is broken", .asked_for = true}, "cli");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::skipped);
  EXPECT_EQ(machine.results[0].reason, "held_back");
  EXPECT_EQ(machine.results[0].error, "it is broken; unit a.service is masked");
  EXPECT_EQ(count_of(world, "heal.skipped"), 1U);
  EXPECT_EQ(count_of(world, "heal.triggered"), 0U);
  EXPECT_EQ(world.host.picture(true), before);
  machine.heal("A", {.error = "it is broken"}, "daemon");
  machine.run_until(2);
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(count_of(world, "heal.triggered"), 1U);
}

TEST(Trigger, ADryRunTellsWhatIsHeldBack) {
  HealWorld world;
  EngineSpec spec = broken_engine(world, "A");
  ServiceRepair& service = spec.repair.service.emplace();
  service.unit = "a.service";
  service.restart.emplace().argv = {"/usr/bin/systemctl", "restart", "a.service"};
  service.restart->unit = "a.service";
  const auto refusals = [&] {
    const auto preview = preview_plan(world.host, world.blobs, spec, {}, true, "preview");
    return preview ? preview->refusals : std::vector<Refusal>{{"none", preview.error().message}};
  };
  world.host.set_unit("a.service", ServiceState::stopped);
  EXPECT_THAT(refusals(), ::testing::IsEmpty());
  world.host.set_unit("a.service", ServiceState::held_back);
  ASSERT_EQ(refusals().size(), 1U);
  EXPECT_EQ(refusals().front().reason, "unit a.service is masked");
}

TEST(Trigger, AServiceOfAnotherEngineThatIsHeldBackIsOneToo) {
  HealWorld world;
  EngineSpec spec = broken_engine(world, "A");
  ServiceOfEngine& other = spec.repair.services.emplace_back();
  other.engine = "B";
  other.service.unit = "b.service";
  EXPECT_EQ(held_back_service(world.host, spec), "");
  world.host.set_unit("b.service", ServiceState::stopped);
  EXPECT_EQ(held_back_service(world.host, spec), "");
  world.host.set_unit("b.service", ServiceState::held_back);
  EXPECT_EQ(held_back_service(world.host, spec), "unit b.service is masked");
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

// ---- holds and brakes

TEST(TriggerBrakes, WhatAPersonHoldsIsSkippedAndSaysUntilWhen) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  machine.trigger.hooks.hold_on = [](const std::string&) {
    return std::optional(Hold{Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)),
                              {"ops", "captain", 0, {}, "cli", "moving house"}});
  };
  std::vector<std::string> told;
  listen(machine, told);
  machine.heal("A");
  machine.heal("A", {.error = "it is broken", .asked_for = true});
  machine.run_until(2);
  for (const HealResult& result : machine.results) {
    EXPECT_EQ(result.ending, HealEnding::skipped);
    EXPECT_EQ(result.reason, "held");
    EXPECT_EQ(result.error, "held until 2026-11-24T00:00:00.000Z (in 24 h) by ops");
  }
  const auto skipped = nlohmann::json::parse(data_of_last(world, "heal.skipped"));
  EXPECT_EQ(skipped.at("reason"), "held");
  EXPECT_EQ(skipped.at("error"), "it is broken");
  EXPECT_EQ(skipped.at("by").at("principal"), "ops") << "who asked in vain";
  EXPECT_EQ(count_of(world, "heal.triggered"), 0U);
  EXPECT_THAT(told, ::testing::IsEmpty());
  EXPECT_EQ(world.host.content("A/app.conf"), "wrong");
}

TEST(TriggerBrakes, AHoldThatComesWhileWhatItNeedsIsTestedCounts) {
  HealWorld world;
  EngineSpec top = broken_engine(world, "Top");
  top.depends_on = {"Base"};
  HealMachine machine(world, {broken_engine(world, "Base"), top});
  bool held = false;
  machine.trigger.hooks.hold_on = [&held](const std::string&) {
    return held ? std::optional(Hold{Timestamp::max(), {}}) : std::nullopt;
  };
  machine.trigger.hooks.test = [&held](EngineToHeal) -> boost::asio::awaitable<TestReport> {
    held = true;
    co_return TestReport{};
  };
  machine.heal("Top", {.error = "it is broken", .asked_for = true});
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].reason, "held");
  EXPECT_EQ(count_of(world, "heal.triggered"), 0U);
}

TEST(TriggerBrakes, AFlappingHealEndsWithoutAnAttempt) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  std::vector<std::string> told;
  listen(machine, told);
  machine.heal("A", {.error = "it is broken", .flapping = true, .needs = {"Base"}});
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::never_began);
  EXPECT_EQ(machine.results[0].attempts, 0U);
  EXPECT_EQ(machine.results[0].reason, "flapping");
  EXPECT_THAT(told, ::testing::ElementsAre("began A", "ended A flappingflapping"));
  EXPECT_EQ(world.host.content("A/app.conf"), "wrong");
}

TEST(TriggerBrakes, WhereOnlyObservedTheLedgerSaysWhatWouldHaveBeenDone) {
  HealWorld world;
  EngineSpec spec = broken_engine(world, "A");
  spec.healing.observe_only = true;
  HealMachine machine(world, {spec});
  machine.trigger.hooks.would_have = [&world](EngineToHeal engine) -> boost::asio::awaitable<std::string> {
    const auto preview = preview_plan(world.host, world.blobs, *engine.spec, {}, true, "preview");
    co_return to_json(*preview);
  };
  const std::string before = world.host.picture(true);
  machine.heal("A");
  machine.run_until(1);
  const auto skipped = nlohmann::json::parse(data_of_last(world, "heal.skipped"));
  EXPECT_EQ(skipped.at("reason"), "observe");
  EXPECT_EQ(skipped.at("would_have").at("certified"), true);
  EXPECT_EQ(skipped.at("would_have").at("plan").at("changes").size(), 1U);
  EXPECT_EQ(world.host.picture(true), before);
  machine.heal("A", {.error = "it is broken", .asked_for = true});
  machine.run_until(2);
  EXPECT_EQ(machine.results[1].ending, HealEnding::certified) << "a person asked for it";
}

// ---- one end per heal, however many wait

TEST(TriggerHooks, BeganAndEndedAreToldOncePerHealHoweverManyJoin) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A"), hopeless_engine(world, "B")});
  std::vector<std::string> told;
  listen(machine, told);
  for (unsigned joins = 0; joins < 3; ++joins) {
    machine.heal("A");
    machine.heal("B");
  }
  machine.run_until(6);
  EXPECT_THAT(told,
              ::testing::UnorderedElementsAre("began A", "began B", "ended A certified", "ended B attempts_exhausted"));
}

TEST(TriggerHooks, WhoJoinsRightAtTheEndLearnsTheEndToo) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "A")});
  std::vector<std::string> told;
  listen(machine, told);
  // The heal's last entry is committed; its waiters have not been told yet.
  machine.runtime->runner().hooks.committed = [&, joined = false](engine::Position) mutable {
    if (joined || count_of(world, "heal.completed") == 0) return;
    joined = true;
    boost::asio::post(machine.loop, [&] { machine.heal("A"); });
  };
  machine.heal("A");
  machine.run_until(2);
  for (const HealResult& result : machine.results) EXPECT_EQ(result.ending, HealEnding::certified);
  EXPECT_THAT(told, ::testing::ElementsAre("began A", "ended A certified"));
  EXPECT_EQ(count_of(world, "heal.triggered"), 1U);
  EXPECT_THAT(machine.trigger.open_heals(), ::testing::IsEmpty());
}

TEST(TriggerHooks, RecoveredHealsGiveTheirSlotsBackThoughNobodyWaits) {
  HealWorld world;
  std::vector<EngineSpec> specs;
  for (const char* name : {"A", "B", "C", "D", "E"}) specs.push_back(broken_engine(world, name));
  {
    HealMachine machine(world, specs, {2, true});
    for (const EngineSpec& spec : specs) machine.heal(spec.name);
    while (count_of(world, "heal.triggered") < 5) machine.loop.run_one();
  }
  HealMachine machine(world, specs, {2, true});
  std::vector<std::string> told;
  listen(machine, told);
  machine.recover();
  machine.settle();
  EXPECT_EQ(count_of(world, "heal.completed"), 5U);
  EXPECT_EQ(told.size(), 10U);
  EXPECT_THAT(machine.trigger.open_heals(), ::testing::IsEmpty());
  world.host.write("A/app.conf", "wrong again");
  machine.heal("A");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::certified) << "a new heal, not the old one";
}

// No process of ours begins two, but what a ledger holds may be from anywhere.
TEST(TriggerHooks, TwoOpenHealsOfOneEngineInTheLedgerBothEndAndAnotherMayBegin) {
  HealWorld world;
  const std::vector<EngineSpec> specs = {broken_engine(world, "A")};
  for (const std::size_t open : {1U, 2U}) {
    HealMachine forgetful(world, specs);
    forgetful.heal("A");
    while (count_of(world, "heal.triggered") < open) forgetful.loop.run_one();
  }
  HealMachine machine(world, specs);
  std::vector<std::string> told;
  listen(machine, told);
  machine.recover();
  machine.settle();
  EXPECT_EQ(count_of(world, "heal.completed") + count_of(world, "heal.exhausted"), 2U);
  EXPECT_EQ(told.size(), 4U) << "both began and ended";
  EXPECT_THAT(machine.trigger.open_heals(), ::testing::IsEmpty());
  world.host.write("A/app.conf", "wrong again");
  machine.heal("A");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::certified);
}

TEST(TriggerHooks, AHealThatIsLetGoRightAfterARestartDoesEverythingOnce) {
  HealWorld world;
  unsigned checks = 0;
  world.host.install("/bin/check", [&checks](const workflows::RunRequest&) {
    ++checks;
    return ended(0);
  });
  EngineSpec waiting = broken_engine(world, "B");
  waiting.strategy = Strategy::generic;
  waiting.repair = {};
  waiting.self_test = {probe("process", ProcessProbe{"run/b.pid"})};
  world.host.set_service("run/b.pid", true);
  waiting.repair.checks = {probe("check", CommandProbe{runs({"/bin/check"})})};
  const std::vector<EngineSpec> specs = {broken_engine(world, "A"), waiting};
  {
    HealMachine machine(world, specs, {1, true});
    machine.heal("A");
    machine.heal("B");
    while (count_of(world, "heal.triggered") < 2) machine.loop.run_one();
  }
  checks = 0;
  HealMachine machine(world, specs, {2, true});
  machine.recover();
  machine.settle();
  EXPECT_EQ(count_of(world, "heal.completed"), 2U);
  EXPECT_EQ(checks, 2U) << "once before the repair, once in its certification";
}

TEST(TriggerStorm, HundredsOfFailuresKeepToTheSlotsAndAllAreHealed) {
  HealWorld world;
  std::vector<EngineSpec> specs;
  for (unsigned number = 0; number < 300; ++number) {
    specs.push_back(broken_engine(world, "E" + std::to_string(number)));
    if (number % 3 == 0 && number > 0) specs.back().depends_on = {specs.front().name};
  }
  HealMachine machine(world, specs, {4, true});
  std::size_t most = 0;
  machine.runtime->runner().hooks.committed = [&](engine::Position) {
    std::size_t at_once = 0;
    for (const auto& [engine, heal] : machine.trigger.open_heals()) {
      const auto* state = machine.runtime->runner().state<Heal>(heal);
      if (state != nullptr && state->phase() != Phase::triggered && state->step() != Step::ended) ++at_once;
    }
    most = std::max(most, at_once);
  };
  for (const EngineSpec& spec : specs) machine.heal(spec.name, needing(spec.depends_on), "daemon");
  machine.run_until(specs.size());
  EXPECT_EQ(most, 4U);
  EXPECT_EQ(count_of(world, "heal.completed"), specs.size());
  EXPECT_EQ(count_of(world, "heal.triggered"), specs.size());
}

// Any number of triggers makes one heal per engine, and no more of them work than there are slots.
TEST(TriggerStorm, Case121_AnyNumberOfFailuresIsAsManyHealsAsThereAreEngines) {
  HealWorld world;
  std::vector<EngineSpec> specs;
  for (unsigned number = 0; number < 20; ++number) specs.push_back(broken_engine(world, "E" + std::to_string(number)));
  HealMachine machine(world, specs, {4, true});
  std::size_t most_open = 0;
  machine.runtime->runner().hooks.committed = [&](engine::Position) {
    most_open = std::max(most_open, machine.runtime->runner().open_count());
  };
  const std::size_t failures = long_runs() ? 100'000 : 10'000;
  for (std::size_t count = 0; count < failures; ++count) machine.heal(specs[count % specs.size()].name);
  machine.run_until(failures);
  EXPECT_EQ(most_open, specs.size());
  EXPECT_EQ(machine.results.size(), failures) << "everybody who waited is told";
  for (const HealResult& result : machine.results) ASSERT_EQ(result.ending, HealEnding::certified);
  EXPECT_THAT(machine.trigger.open_heals(), ::testing::IsEmpty());
  const auto page = world.ledger.read_all({}, 2 * failures);
  EXPECT_EQ(std::ranges::count(page->entries, "heal.triggered", &engine::Entry::type), 20);
  EXPECT_EQ(std::ranges::count(page->entries, "heal.trigger_joined", &engine::Entry::type),
            static_cast<std::ptrdiff_t>(failures) - 20);
}

}  // namespace
}  // namespace autoheal
