// Hostile cases 136 to 138 through the program: texts of others in the daemon's log, a log that goes away, a log that
// somebody edits.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class HostileLog : public ::testing::Test {
 protected:
  HostileLog() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/File", "port = 8080\n");
    bridge_.configure(file_engine("File"));
  }
  void damage(const Daemon& daemon, std::size_t heals) const {
    bridge_.write("etc/File", "damaged\n");
    daemon.expect_count("heal.completed", heals, "File");
  }
  Bridge bridge_;
};

TEST_F(HostileLog, Case136_WhatAProgramPrintsBeginsNoRecord) {
  bridge_.script("bin/test",
                 "printf 'no\\n2026-11-30T00:00:00.000Z  File passed\\r\\n\\033[2Jautoheal: all is well\\n'; exit 1\n");
  bridge_.configure(
      "  - name: File\n"
      "    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: says, command: [bin/test] } ]\n"
      "    repair: { commands: [ { run: [bin/test] } ] }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return daemon.said().contains("next: "); })) << daemon.said();
  daemon.stop();
  EXPECT_THAT(daemon.said(), HasSubstr("2026-11-30T00:00:00.000Z  File passed")) << "the test shows nothing else";
  std::istringstream lines(daemon.said());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.starts_with("2026-11-30T00:00:00.000Z") || line.starts_with("autoheal: all")) << line;
    EXPECT_THAT(line, Not(HasSubstr("\033")));
  }
}

TEST_F(HostileLog, Case137_HealsGoOnWhereTheLogIsOnAFullDisk) {
  fs::create_directories(bridge_.path("logs"));
  fs::create_symlink("/dev/full", bridge_.path("logs/daemon.log"));
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  damage(daemon, 1);
  damage(daemon, 2);
  daemon.stop();
}

TEST_F(HostileLog, Case137_ALogThatWasDeletedMovedOrLinkedElsewhereIsNotFollowed) {
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  bridge_.write("precious", "mine\n");
  fs::rename(bridge_.path("logs/daemon.log"), bridge_.path("logs/moved.log"));
  fs::create_symlink("../precious", bridge_.path("logs/daemon.log"));
  damage(daemon, 1);
  fs::remove(bridge_.path("logs/moved.log"));
  damage(daemon, 2);
  EXPECT_EQ(bridge_.read("precious"), "mine\n");
  daemon.stop();
}

TEST_F(HostileLog, Case138_WhereLogAndLedgerDisagreeTheLedgerProvesThatItIsRight) {
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  damage(daemon, 1);
  const std::string heal = daemon.entries("heal.completed", "File").front().stream;
  const std::string id = heal.substr(heal.find('/') + 1);
  EXPECT_TRUE(eventually([&] { return daemon.said().contains(id); })) << daemon.said();
  daemon.stop();
  const std::string edited = std::regex_replace(daemon.said(), std::regex("✅ certified"), "❌ healing failed");
  EXPECT_THAT(edited, HasSubstr("❌ healing failed"));
  bridge_.write("logs/daemon.log", edited);

  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
  const Ran packed = bridge_.autoheal({"show", id, "--evidence", "heal.tar"});
  EXPECT_EQ(packed.exit_code, 0) << packed.err;
  bridge_.write("key", bridge_.autoheal({"ledger", "key"}).out);
  const Ran checked = bridge_.autoheal({"ledger", "check", "heal.tar", "--key", "key"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_THAT(bridge_.autoheal({"show", id}).out, HasSubstr("certified"))
      << "the id in the log leads to what is proved";
}

}  // namespace
}  // namespace autoheal::testing
