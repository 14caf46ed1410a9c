// After an end by SIGKILL, which may be the last word of somebody's stop script, a heal looks whether he starts it
// again before it does so itself.
#include <gmock/gmock.h>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

class ForeignStarters : public ::testing::Test {
 protected:
  ForeignStarters() {
    bridge_.write("run/.keep", "");
    bridge_.script("bin/start",
                   "echo healer >> run/starts\nsetsid sleep 86397 > /dev/null 2>&1 &\necho $! > run/app.pid\n");
    configure("60s");
  }
  void configure(const std::string& grace) const {
    bridge_.configure("  - name: app\n    every: 1h\n    grace: " + grace +
                      "\n"
                      "    self_test: [ { name: alive, process: { pidfile: run/app.pid } } ]\n"
                      "    repair: { service: { start: [bin/start], pidfile: run/app.pid } }\n"
                      "    certify: { hold: 0s }\n");
  }
  ~ForeignStarters() override {
    for (const pid_t one : started_) {
      ::kill(one, SIGKILL);
      ::waitpid(one, nullptr, 0);
    }
    const std::string healers = bridge_.read("run/app.pid");
    const pid_t left = static_cast<pid_t>(std::atoi(healers.c_str()));
    if (left > 1) ::kill(left, SIGKILL);
  }
  pid_t start_by_hand() {
    const pid_t child = ::fork();
    if (child == 0) {
      ::execlp("sleep", "sleep", "86397", nullptr);
      ::_exit(127);
    }
    started_.push_back(child);
    return child;
  }
  // Not reaped yet: so every kernel tells how it ended.
  static void end(pid_t process) { ::kill(process, SIGKILL); }
  // At one stroke.
  void name(pid_t process) const {
    bridge_.write("run/next", std::to_string(process) + "\n");
    std::filesystem::rename(bridge_.path("run/next"), bridge_.path("run/app.pid"));
  }

  Bridge bridge_;
  std::vector<pid_t> started_;
};

TEST_F(ForeignStarters, OneWhoseProcessRunsBeforeItsPidfileTellsIsWaitedFor) {
  const pid_t before = start_by_hand();
  name(before);
  const Daemon daemon(bridge_);
  daemon.expect_passes("app");
  const pid_t successor = start_by_hand();
  end(before);
  ASSERT_TRUE(eventually([&] { return daemon.count("heal.triggered") == 1; })) << daemon.said();
  name(successor);
  daemon.expect_count("heal.completed", 1);
  daemon.expect_passes("app");
  EXPECT_FALSE(bridge_.exists("run/starts")) << "nobody starts a second one beside it";
}

TEST_F(ForeignStarters, WhatWasStoppedInOrderIsListedForTheNextDaemon) {
  configure("100ms");
  const pid_t service = start_by_hand();
  name(service);
  Daemon daemon(bridge_);
  daemon.expect_passes("app");
  ::kill(service, SIGTERM);
  std::filesystem::remove(bridge_.path("run/app.pid"));
  daemon.expect_count("heal.skipped", 1);
  daemon.stop();
  EXPECT_THAT(bridge_.entries("node.stopped").front(), ::testing::HasSubstr(R"("stopped_by_hand":["app"])"));
}

TEST_F(ForeignStarters, OneWhosePidfileIsNewerIsLeftAlone) {
  const pid_t before = start_by_hand();
  name(before);
  const Daemon daemon(bridge_);
  daemon.expect_passes("app");
  const pid_t successor = start_by_hand();
  name(successor);
  end(before);
  daemon.inspect("app");
  daemon.expect_passes("app");
  EXPECT_FALSE(bridge_.exists("run/starts"));
}

TEST_F(ForeignStarters, WhereNobodyStartsItTheHealDoesSoAtOnce) {
  const pid_t before = start_by_hand();
  name(before);
  const Daemon daemon(bridge_);
  daemon.expect_passes("app");
  end(before);
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(bridge_.read("run/starts"), "healer\n");
}

}  // namespace
}  // namespace autoheal::testing
