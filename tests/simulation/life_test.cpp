// Lives of machines, each from its seed: whatever breaks and whenever the process dies, the rules hold. And bugs that
// are planted are found, or all of that proves nothing.
#include "tests/simulation/life.hpp"

#include <gmock/gmock.h>

#include "tests/support/worlds/program.hpp"

namespace autoheal::simulation {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

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

std::vector<std::string> broken_rules_of(std::uint64_t seed, Planted planted = Planted::none,
                                         Hostile hostile = Hostile::no, Services services = Services::no) {
  Life life(seed, planted, hostile, services);
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
    EXPECT_THAT(broken_rules_of(seed, Planted::none, Hostile::no, Services::yes), IsEmpty())
        << "again: autoheal-sim --plain --seed " << seed;
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

class PlantedBug : public ::testing::TestWithParam<PlantedName> {};
INSTANTIATE_TEST_SUITE_P(Each, PlantedBug, ::testing::ValuesIn(planted_names.begin() + 1, planted_names.end()),
                         [](const auto& one) { return std::string(one.param.name); });

// By the rule that it breaks, where it is about documents and files: not by another that it happens to upset.
TEST_P(PlantedBug, IsFoundWithinFewSeeds) {
  const auto [bug, name, complaint] = GetParam();
  const Hostile hostile = needs_hostility(bug) ? Hostile::yes : Hostile::no;
  const Services services = needs_services(bug) ? Services::yes : Services::no;
  const auto is_it = [&](const std::string& rule) { return rule.find(complaint) != std::string::npos; };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    if (std::ranges::any_of(broken_rules_of(seed, bug, hostile, services), is_it)) return;
  }
  FAIL() << "20 lives with " << name << " and nobody noticed";
}

}  // namespace
}  // namespace autoheal::simulation
