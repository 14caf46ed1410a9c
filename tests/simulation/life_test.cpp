// Lives of machines, each from its seed: whatever breaks and whenever the process dies, the rules hold.
#include "tests/simulation/life.hpp"

#include <gmock/gmock.h>

#include "tests/support/worlds/program.hpp"

namespace autoheal::simulation {
namespace {

using ::testing::IsEmpty;

// Seeds that once broke a rule. Their lives are plain ones, and are not quite those of then: tests look at who writes,
// and edits are read once more when they are judged, so that a process dies at another call.
constexpr std::uint64_t remembered_seeds[] = {1, 1466, 6142};

// Lives with services: a heal that was resumed alone gave its slot back to one that was not resumed yet.
constexpr std::uint64_t remembered_served_seeds[] = {220, 251};

Duration time_of_a_part() {
#ifdef AUTOHEAL_SANITIZED
  return std::chrono::seconds(5);
#else
  return std::chrono::seconds(autoheal::testing::long_runs() ? 600 : 30);
#endif
}

std::vector<std::string> broken_rules_of(std::uint64_t seed, Services services = Services::no) {
  Life life(seed, Planted::none, Hostile::no, services);
  life.run();
  return broken_rules(life.record());
}

class SimulatedLife : public ::testing::TestWithParam<std::uint64_t> {};
constexpr std::uint64_t first_hostile_seed = 2'000'000, first_served_seed = 3'000'000;
INSTANTIATE_TEST_SUITE_P(Parts, SimulatedLife, ::testing::Values(1'000'000, first_hostile_seed, first_served_seed));

// Each takes half a second to many: so many in a run that is not a long one.
constexpr std::uint64_t served_lives_tried = 26;

// The time is how much is tried, and bounds nothing.
TEST_P(SimulatedLife, TheRulesHoldWheneverTheProcessDies) {
  const auto enough = std::chrono::steady_clock::now() + time_of_a_part();
  const Hostile hostile = GetParam() == first_hostile_seed ? Hostile::yes : Hostile::no;
  const Services services = GetParam() == first_served_seed ? Services::yes : Services::no;
  LifeFigures all;
  std::uint64_t seed = GetParam();
  do {
    Life life(seed, Planted::none, hostile, services);
    life.run();
    ASSERT_THAT(broken_rules(life.record()), IsEmpty())
        << "again: autoheal-sim --seed " << seed << (hostile == Hostile::no ? " --plain" : "")
        << (services == Services::no ? " --without-services" : "");
    const LifeFigures figures = life.figures();
    all.heals += figures.heals;
    all.deaths += figures.deaths;
    ++seed;
    if (services == Services::yes && !autoheal::testing::long_runs() && seed == first_served_seed + served_lives_tried)
      break;
  } while (std::chrono::steady_clock::now() < enough);
  EXPECT_GT(all.heals, 50U);  // a life in which nothing happens proves nothing
  EXPECT_GT(all.deaths, 10U);
  RecordProperty("lives", std::to_string(seed - GetParam()));
}

TEST(RememberedLives, StayInOrder) {
  for (const std::uint64_t seed : remembered_seeds) {
    EXPECT_THAT(broken_rules_of(seed), IsEmpty()) << "again: autoheal-sim --plain --without-services --seed " << seed;
  }
  for (const std::uint64_t seed : remembered_served_seeds) {
    EXPECT_THAT(broken_rules_of(seed, Services::yes), IsEmpty()) << "again: autoheal-sim --plain --seed " << seed;
  }
}

TEST(SimulatedLives, TheSameSeedIsTheSameLife) {
  Life first(7, Planted::none, Hostile::no, Services::yes), second(7, Planted::none, Hostile::no, Services::yes);
  first.run();
  second.run();
  ASSERT_EQ(first.record().entries.size(), second.record().entries.size());
  EXPECT_EQ(first.record().stored, second.record().stored);
  EXPECT_EQ(first.record().events, second.record().events);
}

}  // namespace
}  // namespace autoheal::simulation
