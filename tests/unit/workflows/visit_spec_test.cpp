// The visitors find each place of a specification, also one that is added: it is in the lists of fields.
#include "autoheal/workflows/spec/visit_spec.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <typeindex>
#include <typeinfo>
#include <vector>

#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/unit/workflows/filled_specification.hpp"
#include "tests/unit/workflows/full_specification.hpp"
#include "tests/unit/workflows/number_of_members.hpp"

namespace autoheal::workflows {
namespace {

using autoheal::testing::number_of_members;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

template <class... Specs>
constexpr bool are_listed_whole = ((number_of_members<Specs>() == number_of_fields<Specs>) && ...);

static_assert(are_listed_whole<FileProbe, EnvProbe, SettingsProbe, TcpProbe, HttpProbe, CommandProbe, PluginProbe,
                               ProcessProbe, LinkProbe, Probe>);
static_assert(
    are_listed_whole<ReleaseRepair, BuildRepair, PlatformRepair, StateRepair, ServiceOfEngine, FileRepair, EnvValue,
                     EnvRepair, SettingsRepair, LinkRepair, PolicyRepair, ServiceRepair, CommandRepair, RepairSpec>);
static_assert(are_listed_whole<TestSpec, SecuritySpec, CertifySpec, HealingSpec, SecretRules, EngineSpec>);

struct FilledSpec {
  EngineSpec spec;
  autoheal::testing::Filler filler;
  FilledSpec() { filler.fill(spec, ""); }
};

TEST(VisitSpec, WhatIsFilledIsReadBackWhole) {
  const FilledSpec filled;
  const auto again = decode_engine_spec(encode_engine_spec(filled.spec));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, filled.spec);
}

TEST(VisitSpec, FindsEachProgramOnce) {
  const FilledSpec filled;
  std::vector<std::string> seen;
  for_each_program(filled.spec, [&](const ProgramRun& run) { seen.push_back(run.argv.front()); });
  EXPECT_THAT(seen, UnorderedElementsAreArray(filled.filler.programs));
  EXPECT_EQ(seen.size(), count(encode_engine_spec(filled.spec), "\"argv\":"));
}

// Where programs and addresses stand, with the kinds of what they are in, but not with their numbers.
void add_places(const nlohmann::json& node, const std::string& place, std::set<std::string>& into) {
  if (node.is_object()) {
    for (const auto& [key, item] : node.items()) {
      if (key == "argv" || key == "url") into.insert(place + "." + key);
      add_places(item, place + "." + key, into);
    }
  } else if (node.is_array()) {
    const bool is_kind = node.size() == 2 && node.front().is_string();
    for (const nlohmann::json& item : node)
      add_places(item, is_kind ? place + "." + node.front().get<std::string>() : place, into);
  }
}
std::set<std::string> places_in(const EngineSpec& spec) {
  std::set<std::string> places;
  add_places(nlohmann::json::parse(encode_engine_spec(spec)), {}, places);
  return places;
}

TEST(VisitSpec, TheFullSpecificationHasAProgramOrAnAddressWhereverThereCanBeOne) {
  EXPECT_EQ(places_in(autoheal::testing::full_specification()), places_in(FilledSpec().spec));
}

TEST(VisitSpec, MayChangeWhatItFinds) {
  EngineSpec spec = autoheal::testing::full_specification();
  for_each_program(spec, [](ProgramRun& run) { run.argv = {"/changed"}; });
  const std::string text = encode_engine_spec(spec);
  EXPECT_EQ(count(text, "\"argv\":[\"/changed\"]"), count(text, "\"argv\":"));
}

TEST(VisitSpec, FindsProbesOfTheSelfTestAndOfTheRepair) {
  const EngineSpec spec = autoheal::testing::full_specification();
  std::vector<std::string> programs;
  for_each_probe(spec, [&](const Probe& probe) {
    if (const ProgramRun* run = program_of(probe)) programs.push_back(run->argv.front());
  });
  EXPECT_THAT(programs, ElementsAre("test-command", "test-plugin", "check-command", "check-plugin"));
  std::vector<std::string> commands;
  for_each_probe_of<CommandProbe>(spec, [&](const CommandProbe& probe) { commands.push_back(probe.run.argv.front()); });
  EXPECT_THAT(commands, ElementsAre("test-command", "check-command"));
  Probe port;
  port.what = TcpProbe{};
  EXPECT_EQ(program_of(port), nullptr);
}

TEST(VisitSpec, OnlyTheseRepairsHaveNoTarget) {
  const FilledSpec filled;
  std::set<std::type_index> with_target;
  for_each_target(filled.spec, [&]<class Repair>(const std::string&, const Repair&) {
    with_target.insert(std::type_index(typeid(Repair)));
  });
  std::vector<std::string> without;
  each_field<RepairSpec>([&](const auto& one) {
    using Value = typename std::remove_cvref_t<decltype(one)>::Value;
    if (!with_target.contains(std::type_index(typeid(typename ElementOf<Value>::Type))))
      without.push_back(one.stored_as());
  });
  EXPECT_THAT(without, UnorderedElementsAre("platform", "services", "checks", "service", "commands"));
}

TEST(VisitSpec, FindsEachTarget) {
  EngineSpec spec;
  spec.repair.release = {{"current", "releases"}};
  spec.repair.state.emplace_back().path = "data.db";
  spec.repair.build = {{autoheal::testing::named_program("build"), {"out/*", "lib"}, {}}};
  spec.repair.files.emplace_back().path = "file";
  spec.repair.env.emplace_back().file = ".env";
  spec.repair.settings.emplace_back().file = "settings.json";
  spec.repair.links.emplace_back().path = "link";
  spec.repair.policy.emplace_back().path = "secret";
  std::vector<std::string> paths;
  for_each_target(spec, [&](const std::string& path, const auto&) { paths.push_back(path); });
  EXPECT_THAT(paths,
              ElementsAre("current", "data.db", "out/*", "lib", "file", ".env", "settings.json", "link", "secret"));
}

}  // namespace
}  // namespace autoheal::workflows
