// Scenario files: each gives the account that is written in it, and comes to the same end wherever the process dies.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/simulation/scenario/run_scenario.hpp"

namespace autoheal::simulation {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> scenario_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(AUTOHEAL_SCENARIOS)) {
    if (entry.path().extension() == ".heal") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class ScenarioFile : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::ostringstream text;
    text << std::ifstream(std::filesystem::path(AUTOHEAL_SCENARIOS) / name_).rdbuf();
    text_ = text.str();
    auto parsed = parse_scenario(name_, text_);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    scenario_ = std::move(*parsed);
  }

  std::string name_ = GetParam() + ".heal", text_;
  Scenario scenario_;
};
INSTANTIATE_TEST_SUITE_P(Scenarios, ScenarioFile, ::testing::ValuesIn(scenario_files()),
                         [](const auto& name) { return name.param; });

TEST_P(ScenarioFile, GivesTheAccountThatIsWrittenInIt) {
  const auto run = run_scenario(name_, scenario_);
  ASSERT_TRUE(run.has_value()) << run.error().message;
  EXPECT_THAT(run->differences, IsEmpty()) << "autoheal-sim --scenario FILE --record writes what came";
  EXPECT_EQ(text_of(run->told), text_) << "is written in another form";
}

TEST_P(ScenarioFile, ComesToTheSameEndWhereverTheProcessDies) {
  if (std::ranges::any_of(scenario_.steps, ends_by_deaths)) return;  // it says why
  const auto whole = run_scenario(name_, scenario_);
  ASSERT_TRUE(whole.has_value()) << whole.error().message;
  for (std::size_t entry = 1; entry <= whole->heal_entries; ++entry) {
    const auto cut = run_scenario(name_, scenario_, entry);
    ASSERT_TRUE(cut.has_value()) << cut.error().message;
    EXPECT_EQ(cut->outcome, whole->outcome) << "it died after entry " << entry;
  }
}

TEST(ScenarioText, IsWrittenAsItWasRead) {
  const std::string text = "# One\n#\n# two\nfile a 0600\n  x\n\n  y\n";
  const auto parsed = parse_scenario("t", "# One\n#\n# two\nfile a 0600\n  x\n> told\n>\n\npass 1s\n\n# end\n");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(text_of(*parsed), "# One\n#\n# two\nfile a 0600\n  x\n> told\n>\n\npass 1s\n\n# end\n");
  EXPECT_THAT(parse_scenario("t", text).error().message, HasSubstr("t:7: an indented line, and no step above it"));
}

std::string fault_of(const std::string& text) {
  const auto parsed = parse_scenario("t", text);
  if (!parsed) return parsed.error().message;
  const auto run = run_scenario("t", *parsed);
  if (!run) return run.error().message;
  return run->differences.empty() ? "" : run->differences.front();
}

TEST(ScenarioText, FaultsAreToldWithTheirPlace) {
  EXPECT_THAT(fault_of(""), HasSubstr("no step"));
  EXPECT_THAT(fault_of("> told\n"), HasSubstr("t:1: an account, and no step above it"));
  EXPECT_THAT(fault_of("file a\n> told\n  text\n"), HasSubstr("t:3: text below an account"));
  EXPECT_THAT(fault_of("fil a\n"), HasSubstr("t:1: unknown step 'fil', did you mean \"file\"?"));
  EXPECT_THAT(fault_of("file a b c\n"), HasSubstr("t:1: 'file a b c': expected file PATH [MODE]"));
  EXPECT_THAT(fault_of("file a 0999\n"), HasSubstr("'0999': expected a mode"));
  EXPECT_THAT(fault_of("\nmode a 0600\n"), HasSubstr("t:2: a is not there"));
  EXPECT_THAT(fault_of("program /bin/a does it\n"), HasSubstr("expected exits, fails"));
  EXPECT_THAT(fault_of("unit a.service sad\n"), HasSubstr("'sad': expected running"));
  EXPECT_THAT(fault_of("engine\n  nam: A\n\npass 1s\n"), HasSubstr("t:4: the configuration: autoheal.yaml:3:"));
}

TEST(ScenarioText, AnotherAccountThanTheWrittenOneIsTold) {
  EXPECT_EQ(fault_of("show file a\n> there is none\n"), "");
  EXPECT_EQ(fault_of("file a\n  x\n\nshow file a\n> there is none\n"),
            "t:4: show: came 'file 0644', written is 'there is none'");
  EXPECT_EQ(fault_of("file a\n  x\n> told\n"), "t:1: file: came nothing, written is 'told'");
}

}  // namespace
}  // namespace autoheal::simulation
