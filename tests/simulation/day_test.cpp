// Whole days of the daemon, each from a seed: whatever breaks and whatever people do, the rules hold.
#include <gmock/gmock.h>

#include <set>

#include "tests/simulation/faulty_day.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::simulation {
namespace {

using std::chrono::hours;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

Rules rules_of(const FaultyDay& day) { return {day.engines(), max_concurrent, calm, {FaultyDay::lost}}; }

// Types of entries, and reasons of skipped and exhausted heals.
std::set<std::string> kinds_in(const std::vector<autoheal::testing::Happening>& history) {
  std::set<std::string> kinds;
  for (const autoheal::testing::Happening& one : history) {
    kinds.insert(one.what);
    if (one.what != "heal.skipped" && one.what != "heal.exhausted") continue;
    const std::string key = R"("reason":")";
    const auto from = one.entry.data.find(key) + key.size();
    kinds.insert(one.what + " " + one.entry.data.substr(from, one.entry.data.find('"', from) - from));
  }
  return kinds;
}

std::string told(const std::vector<autoheal::testing::Happening>& history) {
  std::string text;
  for (const autoheal::testing::Happening& one : history) {
    text += std::to_string(one.at.count()) + " " + one.what + " " + one.engine + " " + one.entry.data + "\n";
  }
  return text;
}

TEST(SimulatedDay, TheRulesHoldWhateverHappens) {
  std::set<std::string> kinds;
  const std::uint64_t seeds = autoheal::testing::long_runs() ? 60 : 3;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    FaultyDay day(seed);
    day.run();
    EXPECT_THAT(broken_rules(day.history(), rules_of(day)), IsEmpty()) << "seed " << seed;
    kinds.merge(kinds_in(day.history()));
  }
  // A day on which nothing happens proves nothing.
  EXPECT_THAT(kinds, IsSupersetOf({"tested", "heal.completed", "heal.rolled_back", "heal.skipped held",
                                   "heal.skipped disabled", "heal.skipped observe", "heal.skipped cooldown",
                                   "heal.skipped unsettled", "heal.exhausted attempts_exhausted",
                                   "heal.exhausted dependency_failed", "heal.exhausted flapping"}));
}

TEST(SimulatedDay, TheSameSeedIsTheSameDay) {
  FaultyDay first(7, hours(4)), second(7, hours(4));
  first.run();
  second.run();
  EXPECT_EQ(told(first.history()), told(second.history()));
}

}  // namespace
}  // namespace autoheal::simulation
