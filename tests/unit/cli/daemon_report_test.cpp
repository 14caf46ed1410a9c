// When a daemon writes a report, and how many stay.
#include "tools/autoheal/daemon/daemon_report.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::cli {
namespace {

using namespace workflows;

const Timestamp now = *parse_timestamp("2026-11-23T12:00:00Z");

std::vector<std::shared_ptr<const EngineSpec>> engines(const std::vector<std::string>& names) {
  std::vector<std::shared_ptr<const EngineSpec>> all;
  for (const std::string& name : names) {
    EngineSpec spec;
    spec.name = name;
    all.push_back(std::make_shared<const EngineSpec>(spec));
  }
  return all;
}

EngineTested tested(const std::string& engine, TestOutcome outcome) { return {engine, outcome, {}, Duration{1}}; }

TEST(DaemonReports, BeginOnceEveryEngineWasTested) {
  DaemonReport report;
  report.set_engines(engines({"A", "B"}));
  report.tested(tested("A", TestOutcome::passed));
  EXPECT_FALSE(report.take(now));
  report.tested(tested("B", TestOutcome::passed));
  const auto due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->dated);
  EXPECT_EQ(due->run.completed->status, "Stable");
  EXPECT_FALSE(report.take(now)) << "nothing has changed";
}

TEST(DaemonReports, AreDatedForFailuresAndForget) {
  DaemonReport report;
  report.set_engines(engines({"A", "B"}));
  for (const char* name : {"A", "B"}) report.tested(tested(name, TestOutcome::passed));
  (void)report.take(now);
  report.tested(tested("A", TestOutcome::failed));
  auto due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_TRUE(due->dated);
  EXPECT_EQ(due->run.completed->status, "Degraded");
  HealResult healed;
  healed.engine = "A";
  healed.heal = "01930000-0000-7000-8000-0000000000aa";
  healed.ending = HealEnding::certified;
  report.healed(healed);
  due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->run.completed->status, "Stable");
  EXPECT_EQ(due->run.completed->autoheal_invocations, 1U);
  report.tested(tested("A", TestOutcome::passed));
  due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->dated);
  EXPECT_EQ(due->run.completed->autoheal_invocations, 0U);
  report.tested(tested("B", TestOutcome::failed));
  report.set_engines(engines({"A"}));
  due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->run.completed->engines_total, 1U);
  EXPECT_EQ(due->run.completed->status, "Stable");
}

TEST(DaemonReports, AFailureThatIsOverInAMomentStandsInOneAndIsGoneFromTheNext) {
  DaemonReport report;
  report.set_engines(engines({"A"}));
  report.tested(tested("A", TestOutcome::failed));
  HealResult healed;
  healed.engine = "A";
  healed.heal = "01930000-0000-7000-8000-0000000000aa";
  healed.ending = HealEnding::certified;
  report.healed(healed);
  report.tested(tested("A", TestOutcome::passed));
  auto due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_TRUE(due->dated);
  EXPECT_EQ(due->run.tested.at("A").outcome, TestOutcome::failed);
  EXPECT_EQ(due->run.completed->autoheal_invocations, 1U);
  EXPECT_TRUE(report.changed());
  due = report.take(now);
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->dated);
  EXPECT_EQ(due->run.tested.at("A").outcome, TestOutcome::passed);
  EXPECT_EQ(due->run.completed->autoheal_invocations, 0U);
  EXPECT_FALSE(report.changed());
}

TEST(DaemonReports, OldOnesGoAndNothingElse) {
  const testing::TemporaryFolder folder;
  const auto day = [&](std::size_t index) {
    char name[64];
    std::snprintf(name, sizeof name, "bridge_selftest_%08zu_000000.json", 20'000'000 + index);
    return folder / name;
  };
  for (std::size_t index = 0; index < kept_reports + 3; ++index) std::ofstream(day(index)) << "{}";
  std::ofstream(folder / "notes.json") << "mine";
  DaemonReport report;
  report.set_engines(engines({"A"}));
  report.tested(tested("A", TestOutcome::failed));
  ASSERT_TRUE(write_daemon_report(folder / "", *report.take(now), now));
  std::size_t left = 0;
  for (const auto& one : std::filesystem::directory_iterator(folder / ""))
    left += one.path().filename().string().starts_with("bridge_selftest_") ? 1 : 0;
  EXPECT_EQ(left, kept_reports);
  EXPECT_FALSE(std::filesystem::exists(day(3)));
  EXPECT_TRUE(std::filesystem::exists(day(4)));
  EXPECT_TRUE(std::filesystem::exists(folder / "notes.json"));
  EXPECT_TRUE(std::filesystem::exists(folder / "latest.json"));
}

}  // namespace
}  // namespace autoheal::cli
