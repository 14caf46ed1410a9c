// Hostile cases 58, 66 and 82 (tests/README.md): the process dies, and what it left behind is not taken for granted.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class HostileRestart : public ::testing::Test {
 protected:
  // Heals Sample and dies right before it takes the outcome of what its `commits`-th commit led to.
  Ran killed_after(unsigned commits) const {
    return run({{AUTOHEAL_KILLED_HEAL, "performed", std::to_string(commits), bridge_.path("autoheal.yaml"), "Sample"},
                {},
                {},
                bridge_.path(".")});
  }
  void broken_file() const {
    bridge_.script("tests/verdict", "mkdir -p run; echo ran >> run/tests; [ ! -e refuse ]\n");
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n");
    bridge_.configure(
        "  - name: Sample\n"
        "    self_test: [ { name: config, command: [grep, -q, port, etc/app.conf] } ]\n"
        "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
        "    certify: { tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  }
  std::size_t tests_run() const {
    std::istringstream lines(bridge_.read("run/tests"));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) ++count;
    return count;
  }
  Bridge bridge_;
};

// True while the process is there and not just its exit status.
bool lives(const std::string& pid) {
  std::ifstream stream("/proc/" + pid + "/stat");
  std::string stat;
  std::getline(stream, stat);
  return !stat.empty() && stat.find(") Z ") == std::string::npos;
}

class RunningCommand : public HostileRestart, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Command, RunningCommand, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Repeatable" : "Once"; });

TEST_P(RunningCommand, Case58_IsEndedBeforeAnythingGoesOnAndRunsAgainOnlyIfItMay) {
  const bool repeatable = GetParam();
  bridge_.write("run/.keep", "");
  ASSERT_EQ(::mkfifo(bridge_.path("run/gate").c_str(), 0600), 0);
  bridge_.script("bin/repair",
                 "if [ -e run/pid ]; then\n"
                 "  old=$(cat run/pid)\n"
                 "  [ ! -e /proc/$old ] || grep -q '^State:.*Z' /proc/$old/status || touch beside\n"
                 "  touch again healed; exit 0\n"
                 "fi\n"
                 "echo $$ > run/pid; echo begun > run/gate; while :; do sleep 100; done\n");
  bridge_.configure(
      "  - name: Sample\n"
      "    self_test: [ { name: healed, command: [test, -e, healed] } ]\n"
      "    repair: { commands: [ { run: [bin/repair], undo: [touch, undone], repeatable: " +
      std::string(repeatable ? "true" : "false") + " } ] }\n");
  std::string begun;
  {
    Background healing(bridge_.invocation({"heal", "Sample", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}));
    std::ifstream gate(bridge_.path("run/gate"));  // opens once the command is there
    std::getline(gate, begun);
    healing.send(SIGKILL);
    EXPECT_EQ(healing.wait(), 128 + SIGKILL);
  }
  ASSERT_EQ(begun, "begun");
  std::string pid = bridge_.read("run/pid");
  pid.pop_back();
  EXPECT_TRUE(lives(pid)) << "the command outlived its healer";
  const Ran resumed = bridge_.autoheal({"resume"});
  EXPECT_EQ(resumed.exit_code, repeatable ? 0 : 1) << resumed.out << resumed.err;
  EXPECT_FALSE(lives(pid));
  EXPECT_FALSE(bridge_.exists("beside"));
  EXPECT_EQ(bridge_.exists("again"), repeatable);
  EXPECT_EQ(bridge_.exists("undone"), !repeatable);
  const auto told = bridge_.entries(repeatable ? "heal.change_applied" : "heal.repair_failed");
  ASSERT_GE(told.size(), 1U);
  EXPECT_THAT(told.front(), HasSubstr("\"unknown\""));
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

// The vault's copy of the baseline is spoiled between the certified plan and its repetition after the restart.
TEST_F(HostileRestart, Case66_ASpoiledBaselineIsNotWritten) {
  bridge_.replays = false;
  const std::vector<std::function<void(std::string&)>> spoilings = {
      [](std::string& bytes) { bytes[0] = static_cast<char>(bytes[0] ^ 1); },
      [](std::string& bytes) { bytes.pop_back(); }, [](std::string& bytes) { bytes += "x"; },
      [](std::string& bytes) { bytes.clear(); }};
  for (const auto& spoil : spoilings) {
    std::filesystem::remove_all(bridge_.path("var"));
    std::filesystem::remove_all(bridge_.path(".autoheal"));
    broken_file();
    ASSERT_EQ(run({{AUTOHEAL_KILLED_HEAL, "committed", "2", bridge_.path("autoheal.yaml"), "Sample"},
                   {},
                   {},
                   bridge_.path(".")})
                  .exit_code,
              128 + SIGKILL);
    std::size_t spoiled = 0;
    for (const auto& blob : std::filesystem::recursive_directory_iterator(bridge_.path("var/ledger.db.vault"))) {
      const std::string name = blob.path().lexically_relative(bridge_.path("."));
      std::string bytes = blob.is_regular_file() ? bridge_.read(name) : "";
      if (bytes != "port = 8080\n") continue;
      spoil(bytes);
      bridge_.write(name, bytes, 0600);
      ++spoiled;
    }
    ASSERT_EQ(spoiled, 1U);
    // The file that the copy was made from is gone, too: nothing could make it good again.
    bridge_.write("baseline/app.conf", "port = 666\n");
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 1);
    EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
    EXPECT_EQ(bridge_.entries("heal.certified").size(), 0U);
  }
}

TEST_F(HostileRestart, Case82_TestsThatPassedBeforeTheDeathAreRunAgain) {
  broken_file();
  ASSERT_EQ(killed_after(3).exit_code, 128 + SIGKILL);
  EXPECT_EQ(tests_run(), 1U);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "port = 8080\n");
  EXPECT_THAT(bridge_.entries("heal.certified"), SizeIs(0));
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
  EXPECT_EQ(tests_run(), 2U);
  EXPECT_THAT(bridge_.entries("heal.certified"), SizeIs(1));
}

TEST_F(HostileRestart, Case82_WhatNoLongerPassesIsNotCertifiedFromMemory) {
  broken_file();
  ASSERT_EQ(killed_after(3).exit_code, 128 + SIGKILL);
  EXPECT_EQ(tests_run(), 1U);
  bridge_.write("refuse", "");
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 1);
  EXPECT_GT(tests_run(), 1U);
  EXPECT_THAT(bridge_.entries("heal.certified"), SizeIs(0));
  EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
}

}  // namespace
}  // namespace autoheal::testing
