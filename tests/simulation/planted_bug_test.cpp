// Bugs that are planted in a life are found, or the lives that break no rule prove nothing.
#include <gtest/gtest.h>

#include "tests/simulation/life.hpp"

namespace autoheal::simulation {
namespace {

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
    Life life(seed, bug, hostile, services);
    life.run();
    if (std::ranges::any_of(broken_rules(life.record()), is_it)) return;
  }
  FAIL() << "20 lives with " << name << " and nobody noticed";
}

}  // namespace
}  // namespace autoheal::simulation
