// A database below a web server: what is needed is healed first, what needs it only if it still fails.
#include <gmock/gmock.h>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;

class DaemonNeeds : public ::testing::Test {
 protected:
  // The web server answers only while the database does, and has a file of its own to be right.
  void prepare(const std::string& more_of_database) const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/Database", "port = 8080\n");
    bridge_.write("etc/Web", "port = 8080\n");
    bridge_.write("run/.keep", "");
    bridge_.script("tests/answers", "cmp -s etc/Database baseline/app.conf && cmp -s etc/Web baseline/app.conf\n");
    bridge_.configure(file_engine("Database", more_of_database) +
                      "  - name: Web\n    every: 1s\n    depends_on: [Database]\n    healing: { fail_after: 1 }\n"
                      "    self_test: [ { name: answers, command: [tests/answers] } ]\n"
                      "    repair: { files: [ { path: etc/Web, baseline: baseline/app.conf } ] }\n"
                      "    certify: { within: 0s }\n");
  }
  // In one moment for every observer.
  void break_both() const {
    shell(bridge_, "echo wrong > etc/new; mv etc/new etc/Database; echo wrong > etc/new; mv etc/new etc/Web");
  }
  Bridge bridge_;
};

TEST_F(DaemonNeeds, BothFailAndTheNeededOneIsHealedFirst) {
  prepare("");
  Daemon daemon(bridge_);
  for (const char* name : {"Database", "Web"}) daemon.expect_passes(name);
  break_both();
  for (const char* name : {"Database", "Web"}) daemon.expect_count("heal.completed", 1, name);
  EXPECT_LT(daemon.entries("heal.completed", "Database").front().position.value,
            daemon.entries("heal.completed", "Web").front().position.value);
  for (const auto& one : daemon.entries("heal.certified"))
    EXPECT_THAT(one.data, HasSubstr("\"attempt\":1")) << one.data;
  daemon.stop();
}

TEST_F(DaemonNeeds, WhatNeedsItIsLeftAloneWhereItPassesAgain) {
  prepare("");
  Daemon daemon(bridge_);
  for (const char* name : {"Database", "Web"}) daemon.expect_passes(name);
  const auto before = std::filesystem::last_write_time(bridge_.path("etc/Web"));
  shell(bridge_, "echo wrong > etc/Database");
  daemon.expect_count("heal.completed", 1, "Database");
  EXPECT_TRUE(eventually([&] { return daemon.passes("Web"); })) << daemon.said();
  EXPECT_EQ(std::filesystem::last_write_time(bridge_.path("etc/Web")), before);
  EXPECT_EQ(daemon.count("heal.exhausted"), 0U);
  daemon.stop();
}

TEST_F(DaemonNeeds, WhatCannotBeHealedBelowEndsTheDependentWithoutAnAttempt) {
  prepare(
      "    healing: { max_retries: 1, cooldown: 1h }\n    certify: { tests: [ { name: never, command: [\"false\"] } ] "
      "}\n");
  Daemon daemon(bridge_);
  for (const char* name : {"Database", "Web"}) daemon.expect_passes(name);
  break_both();
  for (const char* name : {"Database", "Web"}) daemon.expect_count("heal.exhausted", 1, name);
  EXPECT_THAT(daemon.entries("heal.exhausted", "Web").front().data, HasSubstr("dependency_failed"));
  EXPECT_EQ(daemon.count("heal.repair_started"), 1U);
  EXPECT_EQ(bridge_.read("etc/Web"), "wrong\n");
  daemon.stop();
}

TEST_F(DaemonNeeds, WhatFailedForItsDependencyIsHealedAsSoonAsThatPasses) {
  prepare(
      "    healing: { max_retries: 1, cooldown: 1h }\n    certify: { tests: [ { name: never, command: [\"false\"] } ] "
      "}\n");
  Daemon daemon(bridge_);
  for (const char* name : {"Database", "Web"}) daemon.expect_passes(name);
  break_both();
  for (const char* name : {"Database", "Web"}) daemon.expect_count("heal.exhausted", 1, name);
  bridge_.write("repaired", "port = 8080\n");
  std::filesystem::rename(bridge_.path("repaired"), bridge_.path("etc/Database"));  // whole: it is never seen missing
  daemon.expect_count("heal.completed", 1, "Web");
  EXPECT_EQ(daemon.count("heal.skipped", "Web"), 0U) << daemon.said();
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
