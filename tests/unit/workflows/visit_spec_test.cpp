// The visitors find each place of a specification: what the codec writes of programs, they visit.
#include "autoheal/workflows/spec/visit_spec.hpp"

#include <gmock/gmock.h>

#include <set>

#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/unit/workflows/full_specification.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(VisitSpec, FindsEachProgramOnceThatIsWritten) {
  const EngineSpec spec = testing::full_specification();
  std::multiset<std::string> seen;
  for_each_program(spec, [&](const ProgramRun& run) { seen.insert(run.argv.front()); });
  EXPECT_EQ(seen.size(), std::set<std::string>(seen.begin(), seen.end()).size()) << "one was visited twice";
  EXPECT_EQ(seen.size(), count(encode_engine_spec(spec), "\"argv\":"));
}

TEST(VisitSpec, MayChangeWhatItFinds) {
  EngineSpec spec = testing::full_specification();
  for_each_program(spec, [](ProgramRun& run) { run.argv = {"/changed"}; });
  const std::string text = encode_engine_spec(spec);
  EXPECT_EQ(count(text, "\"argv\":[\"/changed\"]"), count(text, "\"argv\":"));
}

TEST(VisitSpec, FindsProbesOfTheSelfTestAndOfTheRepair) {
  const EngineSpec spec = testing::full_specification();
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

TEST(VisitSpec, FindsEachTarget) {
  EngineSpec spec;
  spec.repair.release = {{"current", "releases"}};
  spec.repair.state.emplace_back().path = "data.db";
  spec.repair.build = {{testing::named_program("build"), {"out/*", "lib"}, {}}};
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
