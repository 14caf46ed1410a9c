// A heal that only waits holds no slot: many engines that break at once are healed side by side, as far as they have
// nothing to do but to prove that they hold, to wait for another attempt or for somebody else.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned slots = 4;
constexpr Duration start_takes = milliseconds(100);

// Engines with a dead service each; a start takes its time, and is what a slot is for.
class Slots : public ::testing::Test {
 protected:
  Slots() {
    world_.host.since_boot = [this] { return world_.clock.since_boot(); };
  }
  EngineSpec& engine(const std::string& name) {
    const std::string pidfile = name + ".pid", start = "/bin/start-" + name, works = "/tests/" + name;
    EngineSpec spec;
    spec.name = name;
    spec.root = "/srv";
    spec.healing.max_retries = 3;
    spec.healing.retry_delay = seconds(10);
    spec.certify.hold = seconds(2);
    ServiceRepair service;
    service.start = runs({start});
    service.pidfile = pidfile;
    spec.repair.service = service;
    spec.self_test = {probe("works", CommandProbe{runs({works})})};
    world_.host.install(
        works, [this, pidfile](const RunRequest&) { return ended(world_.host.process_runs(pidfile) ? 0 : 1); });
    world_.host.install(start, [this, pidfile, name](const RunRequest&) {
      most_ = std::max(most_, ++starting_);
      daemon_->pool.wait(start_takes);
      --starting_;
      const bool comes_up = ++starts_[name] > fails_first_;
      if (comes_up) world_.host.set_service(pidfile, true);
      return ended(comes_up ? 0 : 1);
    });
    return specs_.emplace_back(std::move(spec));
  }
  // How long it takes until all are healed.
  Duration heal_all() {
    daemon_.emplace(world_, specs_, TriggerSettings{slots, true}, 4);
    const Duration began = world_.clock.since_boot();
    for (const EngineSpec& spec : specs_) daemon_->heal(spec.name);
    daemon_->turn();
    while (daemon_->open_heals() > 0) {
      const auto wake = daemon_->next_wake();
      if (!wake) break;
      world_.clock.advance(std::max(Duration{0}, *wake - world_.clock.since_boot()));
      daemon_->turn();
    }
    EXPECT_EQ(daemon_->open_heals(), 0U);
    return world_.clock.since_boot() - began;
  }
  [[nodiscard]] std::size_t certified() const {
    return static_cast<std::size_t>(
        std::ranges::count(daemon_->history(), std::string("heal.completed"), &Happening::what));
  }

  HealWorld world_;
  std::vector<EngineSpec> specs_;
  std::optional<SimulatedDaemon> daemon_;
  std::map<std::string, unsigned> starts_;
  unsigned fails_first_ = 0, starting_ = 0, most_ = 0;
};

TEST_F(Slots, TwoHundredEnginesHoldSideBySide) {
  constexpr unsigned engines = 200;
  for (unsigned number = 0; number < engines; ++number) engine("E" + std::to_string(number));
  const Duration took = heal_all();
  EXPECT_EQ(certified(), engines);
  EXPECT_EQ(most_, slots) << "what is work is still done by so many at once, and no more";
  // Their starts take 5 s, and beside those some turns of the loop; held one after the other it were 100 s.
  EXPECT_LT(took, seconds(30));
  EXPECT_GE(took, engines / slots * start_takes + seconds(2));
}

TEST_F(Slots, AnotherAttemptIsWaitedForWithoutOne) {
  fails_first_ = 1;
  constexpr unsigned engines = 20;
  for (unsigned number = 0; number < engines; ++number) engine("E" + std::to_string(number));
  const Duration took = heal_all();
  EXPECT_EQ(certified(), engines);
  EXPECT_EQ(most_, slots);
  EXPECT_LT(took, seconds(20)) << "one delay of 10 s, not five after each other";
  EXPECT_GE(took, seconds(12));
}

TEST_F(Slots, SomebodyElsesStartIsWaitedForWithoutOne) {
  constexpr unsigned engines = 20;
  for (unsigned number = 0; number < engines; ++number) engine("E" + std::to_string(number)).grace = seconds(5);
  // All were started by somebody a moment ago, and do not work.
  for (const EngineSpec& spec : specs_) {
    const std::string pidfile = spec.name + ".pid";
    world_.host.set_service(pidfile, true);
    world_.host.install("/tests/" + spec.name,
                        [this, name = spec.name](const RunRequest&) { return ended(starts_[name] > 0 ? 0 : 1); });
  }
  world_.clock.advance(milliseconds(10));
  const Duration took = heal_all();
  EXPECT_EQ(certified(), engines);
  EXPECT_LT(took, seconds(15)) << "one grace of 5 s, not five after each other";
  EXPECT_GE(took, seconds(5));
}

TEST_F(Slots, WhoHasWaitedComesBeforeWhoHasNotBegun) {
  for (unsigned number = 0; number < 10 * slots; ++number)
    engine("E" + std::to_string(number)).certify.hold = milliseconds(300);
  (void)heal_all();
  EXPECT_EQ(certified(), 10 * slots);
  std::optional<std::size_t> first_end, last_begin;
  for (std::size_t index = 0; index < daemon_->history().size(); ++index) {
    const Happening& one = daemon_->history()[index];
    if (one.what == "heal.completed" && !first_end) first_end = index;
    if (one.what == "heal.repair_started") last_begin = index;
  }
  ASSERT_TRUE(first_end && last_begin);
  EXPECT_LT(*first_end, *last_begin);
}

}  // namespace
}  // namespace autoheal
