// The promises of the bus: published means committed, in order, to the letter, and a named subscriber misses nothing.
#include <gmock/gmock.h>

#include "tests/support/worlds/heal_machine.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Keeps what was delivered; refuses the first `failures` deliveries.
struct Listener {
  std::vector<BusEvent> events;
  unsigned failures = 0;
  GenesisBus::Handler handler() {
    return [this](const BusEvent& event) {
      if (failures > 0) {
        --failures;
        return false;
      }
      events.push_back(event);
      return true;
    };
  }
  [[nodiscard]] std::vector<std::string> topics() const {
    std::vector<std::string> names;
    for (const BusEvent& event : events) names.push_back(event.topic);
    return names;
  }
};

TEST(GenesisBus, TheTriggerIsPublishedBeforeTheFirstRepairAndCompleteAfterItsEntry) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "EnvRecon")});
  std::vector<std::string> order;
  world.host.hooks.before_apply = [&] { order.push_back("repair"); };
  const auto listen = [&](const BusEvent& event) {
    order.push_back(event.topic);
    // The entry that it tells of is there to be read.
    EXPECT_EQ(world.ledger.read_all({event.position.value - 1}, 1)->entries.front().position, event.position);
    return true;
  };
  ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.trigger", listen, {}));
  ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.complete", listen, {}));
  machine.heal("EnvRecon");
  machine.run_until(1);
  EXPECT_THAT(order, ElementsAre("selftest.autoheal.trigger", "repair", "selftest.autoheal.complete"));
}

TEST(GenesisBus, PayloadsAreWhatTheContractSaysToTheLetter) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "EnvRecon"), hopeless_engine(world, "Hopeless")});
  Listener all;
  ASSERT_TRUE(machine.bus.subscribe("selftest.*", all.handler(), {}));
  (void)machine.self_test({{"EnvRecon", {}}});
  std::map<std::string, std::string> payloads;
  for (const BusEvent& event : all.events) payloads.emplace(event.topic, event.payload);
  EXPECT_EQ(payloads["selftest.run.start"],
            R"({"test_id":"bridge_selftest_20261123_000000","timestamp":"2026-11-23T00:00:00.000Z"})");
  EXPECT_EQ(
      payloads["selftest.autoheal.trigger"],
      R"({"engine":"EnvRecon","timestamp":"2026-11-23T00:00:00.000Z","test_result":{"engine":"EnvRecon","action":"health_check",)"
      R"("result":"⚠️ auto-heal launched","error":"config: EnvRecon/app.conf differs from baseline"}})");
  EXPECT_EQ(payloads["selftest.autoheal.complete"],
            R"({"engine":"EnvRecon","timestamp":"2026-11-23T00:00:00.000Z","certified":true,"attempts":1})");
  EXPECT_EQ(
      payloads["selftest.run.complete"],
      R"({"test_id":"bridge_selftest_20261123_000000","timestamp":"2026-11-23T00:00:00.000Z","summary":{"engines_total":1,"engines_verified":1,)"
      R"("autoheal_invocations":1,"status":"Stable","runtime_ms":0}})");
  machine.heal("Hopeless");
  machine.run_until(1);
  EXPECT_EQ(all.events.back().topic, "selftest.autoheal.exhausted");
  EXPECT_EQ(
      all.events.back().payload,
      R"({"engine":"Hopeless","timestamp":"2026-11-23T00:00:00.000Z","attempts":1,"reason":"attempts_exhausted"})");
}

TEST(GenesisBus, ASubscriberWithANameGetsWhatItMissedInOrder) {
  HealWorld world;
  const EngineSpec spec = broken_engine(world, "EnvRecon");
  {
    HealMachine machine(world, {spec});
    Listener early;
    ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.*", early.handler(), {"auditor", engine::Position{}}));
    machine.heal("EnvRecon");
    machine.run_until(1);
    EXPECT_EQ(early.topics().front(), "selftest.autoheal.trigger");
    // One more commit, on which its place rides.
    machine.heal("Ghost");
    world.host.write("EnvRecon/app.conf", "wrong");
    machine.heal("EnvRecon");
    machine.run_until(3);
  }
  Listener missed;
  {
    // Meanwhile nobody listens.
    HealMachine machine(world, {spec});
    world.host.write("EnvRecon/app.conf", "wrong");
    machine.heal("EnvRecon");
    machine.run_until(1);
    EXPECT_THAT(missed.events, IsEmpty());
  }
  HealMachine machine(world, {spec});
  ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.*", missed.handler(), {"auditor", engine::Position{}}));
  machine.bus.pump();
  machine.settle();
  ASSERT_FALSE(missed.events.empty());
  EXPECT_TRUE(std::ranges::is_sorted(missed.events, {}, &BusEvent::position));
  EXPECT_EQ(missed.events.back().topic, "selftest.autoheal.complete");
  // Once each: nothing that the first listener had handled, and all of the heal that nobody heard of.
  EXPECT_EQ(std::ranges::count(missed.topics(), "selftest.autoheal.trigger"), 1);
}

TEST(GenesisBus, WhoHasNoNameStartsNow) {
  HealWorld world;
  const EngineSpec spec = broken_engine(world, "EnvRecon");
  HealMachine machine(world, {spec});
  machine.heal("EnvRecon");
  machine.run_until(1);
  Listener late;
  ASSERT_TRUE(machine.bus.subscribe("selftest.*", late.handler(), {}));
  machine.bus.pump();
  machine.settle();
  EXPECT_THAT(late.events, IsEmpty());
}

TEST(GenesisBus, WhoFailsGetsTheEventAgainAndHoldsUpNobody) {
  HealWorld world;
  HealMachine machine(world, {broken_engine(world, "EnvRecon")});
  Listener failing, other;
  failing.failures = 2;
  ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.trigger", failing.handler(), {}));
  ASSERT_TRUE(machine.bus.subscribe("selftest.autoheal.*", other.handler(), {}));
  machine.heal("EnvRecon");
  machine.run_until(1);
  EXPECT_EQ(machine.results[0].ending, HealEnding::certified);
  EXPECT_EQ(std::ranges::count(other.topics(), "selftest.autoheal.complete"), 1);
  for (int commit = 0; commit < 2; ++commit) {
    machine.bus.pump();
    machine.settle();
  }
  EXPECT_THAT(failing.topics(), ElementsAre("selftest.autoheal.trigger"));
}

}  // namespace
}  // namespace autoheal
