// The daemon on a host whose clocks do what they should not: it is frozen and thawed, set back a second each second,
// set forward by years. Its acts and their times depend on its boot clock alone.
#include <gmock/gmock.h>

#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration every = seconds(30);
const std::vector<std::string> names = {"A", "B", "C", "D"};

EngineSpec file_engine_of(HealWorld& world, const std::string& name) {
  EngineSpec spec;
  spec.name = name;
  spec.root = "/srv";
  spec.strategy = Strategy::arie;
  spec.every = every;
  spec.healing.max_retries = 2;
  const auto right = world.baseline("right of " + name);
  spec.repair.files = {{name + "/app.conf", "baseline", right, {}, {}, {}}};
  spec.self_test = {probe("config", FileProbe{name + "/app.conf", "baseline", right, {}, {}, {}})};
  world.host.write(name + "/app.conf", "right of " + name);
  return spec;
}

// Four engines; nothing heals D while `hopeless`, and between its attempts are five minutes.
class HostWithClocks {
 public:
  HostWithClocks() {
    std::vector<EngineSpec> specs;
    for (const std::string& name : names) specs.push_back(file_engine_of(world, name));
    TestSpec test;
    test.name = "works";
    test.command = runs({"/tests/D"});
    specs.back().certify.tests = {test};
    specs.back().healing.retry_delay = minutes(5);
    world.host.install("/tests/D", [this](const RunRequest&) { return ended(hopeless ? 1 : 0); });
    daemon = std::make_unique<SimulatedDaemon>(world, specs, TriggerSettings{2, true}, 4);
    daemon->turn();
  }

  // From wake to wake; the wall clock is told of each step.
  void pass(Duration time, const std::function<void(Duration step)>& wall = [](Duration) {}) {
    const Duration end = daemon->now() + time;
    std::size_t spins = 0;
    while (daemon->now() < end) {
      const Duration before = daemon->now();
      const Duration wake = std::min(end, daemon->next_wake().value_or(end));
      world.clock.advance(std::max(Duration(0), wake - before));
      wall(daemon->now() - before);
      daemon->turn();
      spins = daemon->now() == before ? spins + 1 : 0;
      ASSERT_LT(spins, 100U) << "it turns in circles";
    }
  }
  void drift(const std::string& name) {
    world.host.write(name + "/app.conf", "wrong");
    daemon->look(name, LookCause::file_changed);
    daemon->turn();
  }

  // The events since `from`, with their times.
  [[nodiscard]] std::vector<std::tuple<Duration, std::string, std::string>> course(Duration from = {}) const {
    std::vector<std::tuple<Duration, std::string, std::string>> all;
    for (const Happening& one : daemon->history()) {
      if (one.at >= from) all.emplace_back(one.at, one.what, one.engine);
    }
    return all;
  }
  [[nodiscard]] std::size_t count(const std::string& what, const std::string& name, Duration from = {}) const {
    std::size_t found = 0;
    for (const auto& [at, kind, engine] : course(from)) found += kind == what && engine == name ? 1 : 0;
    return found;
  }

  HealWorld world;
  bool hopeless = false;
  std::unique_ptr<SimulatedDaemon> daemon;
};

TEST(FrozenDaemon, Case116_ThawedAfterTenMinutesItDoesOnceWhatBecameDue) {
  HostWithClocks host;
  host.hopeless = true;
  host.pass(minutes(3));
  host.drift("D");
  host.pass(seconds(10));
  ASSERT_EQ(host.count("heal.retry_scheduled", "D"), 1U);
  host.world.clock.advance(minutes(10));  // and nobody had a turn
  const Duration thawed = host.daemon->now();
  host.daemon->turn();
  host.pass(every - seconds(2));
  for (const char* name : {"A", "B", "C"}) EXPECT_EQ(host.count("tested", name, thawed), 1U) << name;
  EXPECT_EQ(host.count("heal.repair_started", "D", thawed), 1U);
  EXPECT_EQ(host.count("heal.exhausted", "D", thawed), 1U);
  host.pass(minutes(4));
  EXPECT_NEAR(static_cast<double>(host.count("tested", "A", thawed)), 9, 1) << "its schedule goes on as before";
  EXPECT_EQ(host.count("heal.exhausted", "D"), 1U) << "the pause after it began when it ended";
}

// A day's worth of whatever can happen to a clock, beside a host whose clock is right.
TEST(WallClockOfADaemon, Case117_MayRunBackwardsWithoutChangingWhatIsDoneOrWhen) {
  const auto lived = [](const std::function<void(HealWorld&, Duration)>& wall) {
    HostWithClocks host;
    const auto told = [&](Duration step) { wall(host.world, step); };
    for (int round = 0; round < 12; ++round) {
      host.hopeless = round % 3 == 1;
      host.drift(names[static_cast<std::size_t>(round) % names.size()]);
      host.pass(minutes(10), told);
    }
    return host.course();
  };
  const auto calm = lived([](HealWorld&, Duration) {});
  ASSERT_GT(calm.size(), 500U);
  const auto set_back = [](Duration by) {
    return [by](HealWorld& world, Duration) { world.clock.set_wall(world.clock.now() - by); };
  };
  EXPECT_EQ(lived(set_back(hours(24))), calm) << "by a day at each wake";
  EXPECT_EQ(lived(set_back(hours(1))), calm) << "by an hour at each wake";
  const auto runs_backwards = [](HealWorld& world, Duration step) {
    world.clock.set_wall(world.clock.now() - 2 * step);
  };
  EXPECT_EQ(lived(runs_backwards), calm) << "by a second each second";
}

TEST(WallClockOfADaemon, Case118_SetForwardTenYearsMakesNothingDueButEndsHolds) {
  HostWithClocks host;
  host.pass(minutes(3));
  host.daemon->hold("A", hours(1));
  host.drift("A");
  host.hopeless = true;
  host.drift("D");
  host.pass(seconds(10));
  ASSERT_EQ(host.count("heal.skipped", "A"), 1U);
  const auto planned = host.daemon->next_wake();
  const Duration jumped = host.daemon->now();
  host.world.clock.set_wall(host.world.clock.now() + hours(24 * 3652));
  host.daemon->turn();
  EXPECT_EQ(host.daemon->next_wake(), planned);
  EXPECT_THAT(host.course(jumped + Duration(1)), IsEmpty());
  host.pass(every);
  EXPECT_EQ(host.count("heal.completed", "A"), 1U) << "a hold is until a time of day that people named";
  EXPECT_EQ(host.count("heal.repair_started", "D"), 1U) << "a pause is not";
  host.pass(minutes(5));
  EXPECT_EQ(host.count("heal.repair_started", "D"), 2U);
}

TEST(SuspendedHost, Case120_WakesToOneTestOfEachEngine) {
  HostWithClocks host;
  host.pass(minutes(3));
  host.world.clock.advance(hours(30));
  host.world.clock.set_wall(host.world.clock.now() - hours(30));  // set by the network later
  const Duration woken = host.daemon->now();
  host.daemon->turn();
  host.world.clock.set_wall(host.world.clock.now() + hours(30));
  host.pass(every - seconds(1));
  for (const std::string& name : names) EXPECT_EQ(host.count("tested", name, woken), 1U) << name;
}

}  // namespace
}  // namespace autoheal::simulation
