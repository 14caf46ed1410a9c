// Heals under clocks that jump: whatever the wall clock shows, pauses take as long as was planned, nothing is done
// twice, and what is written down can be read again.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "autoheal/workflows/heal/heal_result.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration pause = seconds(90);

using Jump = std::function<Timestamp(Timestamp now)>;

struct NamedJump {
  const char* name;
  Jump to;
};
void PrintTo(const NamedJump& jump, std::ostream* out) { *out << jump.name; }

Jump by(Duration distance) {
  return [distance](Timestamp now) { return now + distance; };
}
Jump at(const char* text) {
  return [text](Timestamp) { return *parse_timestamp(text); };
}

const std::vector<NamedJump> jumps = {
    {"Case117_BackOneDay", by(-hours(24))},
    {"Case117_BackOneHour", by(-hours(1))},
    {"Case117_BackOneSecond", by(-seconds(1))},
    {"Case118_ForwardTenYears", by(hours(24 * 3652))},
    {"Case119_Before1970", at("1965-04-01T12:00:00Z")},
    {"Case119_ASecondBefore1970", at("1969-12-31T23:59:59.5Z")},
    {"Case119_In2038", at("2038-01-19T03:14:07.5Z")},
    {"Case119_AtALeapSecond", at("2016-12-31T23:59:59.5Z")},
};

// The acts of a heal and their times, on the boot clock.
struct Course {
  std::vector<std::string> types;
  std::vector<Duration> commits;
  std::string picture;
  std::size_t turns = 0;

  friend bool operator==(const Course&, const Course&) = default;
};

// A heal that is refused once, waits and is refused again, or certified; `after_commit` is told of each of its commits.
Course course(int verdict, const std::function<void(HealWorld&, std::size_t commit)>& after_commit,
              Duration step = Duration::max()) {
  const auto world = make_world(heal_examples().front(), verdict);
  world->spec.healing.retry_delay = pause;
  HealProcess process(*world, world->ledger);
  Course course;
  process.runner().hooks.committed = [&](engine::Position) {
    course.commits.push_back(world->clock.since_boot());
    after_commit(*world, course.commits.size());
  };
  process.start();
  while (true) {
    while (process.runner().turn()) ++course.turns;
    const auto wake = process.runner().next_wake();
    if (!wake) break;
    const Duration left = *wake - world->clock.since_boot();
    EXPECT_GT(left, Duration(0));
    EXPECT_LE(left, pause);
    world->clock.advance(std::min(left, step));
    if (step != Duration::max()) world->clock.set_wall(world->clock.now() - 2 * step);
  }
  EXPECT_TRUE(process.last.has_value());
  EXPECT_GE(process.last->ended()->took, Duration(0)) << "it ended before it began?";
  course.types = entry_types(*world);
  course.picture = world->host.picture();
  return course;
}

void undisturbed(HealWorld&, std::size_t) {}

class WallClock : public ::testing::TestWithParam<NamedJump> {};
INSTANTIATE_TEST_SUITE_P(Jumps, WallClock, ::testing::ValuesIn(jumps),
                         [](const auto& jump) { return jump.param.name; });

TEST_P(WallClock, MayJumpAtAnyMomentOfAHeal) {
  for (const int verdict : {0, 1}) {
    const Course calm = course(verdict, undisturbed);
    ASSERT_GE(calm.commits.size(), verdict == 0 ? 4U : 9U);
    const auto jump = [](HealWorld& world) { world.clock.set_wall(GetParam().to(world.clock.now())); };
    for (std::size_t moment = 1; moment <= calm.commits.size(); ++moment) {
      SCOPED_TRACE("after commit " + std::to_string(moment));
      EXPECT_EQ(course(verdict,
                       [&](HealWorld& world, std::size_t commit) {
                         if (commit == moment) jump(world);
                       }),
                calm);
    }
    EXPECT_EQ(course(verdict, [&](HealWorld& world, std::size_t) { jump(world); }), calm) << "after every commit";
  }
}

TEST(SlowedClock, Case117_MayRunBackwardsASecondEachSecond) {
  const Course calm = course(1, undisturbed);
  EXPECT_EQ(course(1, undisturbed, seconds(1)), calm) << "as many turns: nothing spins";
}

// In results and reports a duration is a number, whatever the clock did meanwhile.
TEST(SlowedClock, Case117_ThatRunsBackLeavesADurationThatIsANumber) {
  const auto world = make_world(heal_examples().front());
  HealProcess process(*world, world->ledger);
  process.runner().hooks.committed = [&](engine::Position) {
    world->clock.set_wall(world->clock.now() - std::chrono::milliseconds(2'500));
  };
  process.start();
  process.run();
  ASSERT_EQ(process.last->phase(), Phase::complete);
  const auto result = nlohmann::json::parse(to_json(result_of(*process.last, world->heal), true), nullptr, false);
  ASSERT_TRUE(result.is_object());
  EXPECT_EQ(result.at("duration_seconds"), 0.0);
}

// ---- the process or the host is started again while a heal waits

struct Away {
  const char* name;
  bool host;         // the host was started again, too: its boot clock began anew
  Duration by_wall;  // how far its wall clock seems to have gone
  Duration left;     // of a pause of an hour
};
void PrintTo(const Away& away, std::ostream* out) { *out << away.name; }

class Restarted : public ::testing::TestWithParam<Away> {};
INSTANTIATE_TEST_SUITE_P(WhileAHealWaits, Restarted,
                         ::testing::Values(Away{"Case120_ForAMoment", false, seconds(1), hours(1) - seconds(1)},
                                           Away{"Case120_ForAWhile", false, minutes(10), minutes(50)},
                                           Away{"Case120_PastThePause", false, hours(3), hours(0)},
                                           Away{"Case120_HostForAWhile", true, minutes(10), minutes(50)},
                                           Away{"Case120_HostPastThePause", true, hours(3), hours(0)},
                                           Away{"Case120_HostWhoseClockWasSetBack", true, -hours(24), hours(1)},
                                           Away{"Case120_HostWithoutAClock", true, -hours(24 * 365 * 56), hours(1)},
                                           Away{"Case118_SetForwardTenYears", true, hours(24 * 3652), hours(0)}),
                         [](const auto& away) { return away.param.name; });

TEST_P(Restarted, WaitsForWhatIsLeftOfItsPauseAndTriesOnce) {
  const auto world = make_world(heal_examples().front(), 1);
  world->spec.healing.retry_delay = hours(1);
  world->clock.advance(hours(50));  // since boot
  {
    HealProcess process(*world, world->ledger);
    process.start();
    while (process.runner().turn()) {
    }
    ASSERT_EQ(entry_types(*world).back(), "retry_scheduled");
  }
  if (GetParam().host) world->clock.restart_host();
  world->clock.set_wall(world->clock.now() + GetParam().by_wall);
  HealProcess process(*world, world->ledger);
  process.recover();
  const Duration started = world->clock.since_boot();
  while (process.runner().turn()) {
  }
  if (GetParam().left > Duration(0)) {
    ASSERT_TRUE(process.runner().next_wake());
    EXPECT_EQ(*process.runner().next_wake() - started, GetParam().left);
    world->clock.advance(GetParam().left - Duration(1));
    EXPECT_FALSE(process.runner().turn());
    world->clock.advance(Duration(1));
  }
  process.run();
  ASSERT_TRUE(process.last);
  EXPECT_EQ(process.last->attempt_number(), 2U);
  EXPECT_EQ(std::ranges::count(entry_types(*world), "repair_started"), 2);
}

// A host that is suspended: its boot clock goes on, and whatever was due meanwhile is done once.
TEST(Suspended, Case120_APauseThatPassedMeanwhileIsOverAtOnceAndOnce) {
  const auto world = make_world(heal_examples().front(), 1);
  world->spec.healing.retry_delay = pause;
  HealProcess process(*world, world->ledger);
  process.start();
  while (process.runner().turn()) {
  }
  world->clock.advance(minutes(10));
  world->clock.set_wall(world->clock.now() - hours(1));  // as far as its clock was kept
  EXPECT_TRUE(process.runner().turn());
  process.run();
  EXPECT_EQ(std::ranges::count(entry_types(*world), "repair_started"), 2);
  EXPECT_FALSE(process.runner().next_wake());
}

}  // namespace
}  // namespace autoheal
