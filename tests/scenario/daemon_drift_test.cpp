// Damage beside a running daemon is repaired at once: the daemon sees it and does not wait for its schedule. A file
// that must not be touched now is left, and reported once.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DaemonDrift : public ::testing::Test {
 protected:
  static pid_t service_of(const Bridge& bridge) {
    pid_t pid = 0;
    std::ifstream(bridge.path("run/app.pid")) >> pid;
    return pid;
  }
  Bridge bridge_;
};

TEST_F(DaemonDrift, OfEachKindIsHealedAtOnceThoughTheNextTestIsAnHourAway) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  std::string engines;
  for (const char* name : {"Edited", "Replaced", "Deleted"}) {
    bridge_.write(std::string("etc/") + name, "port = 8080\n");
    engines += file_engine(name);
  }
  bridge_.write("etc/mode", "x\n", 0640);
  bridge_.write(".env", "PORT=8080\n", 0600);
  bridge_.write("releases/1/good", "");
  std::filesystem::create_symlink("releases/1", bridge_.path("current"));
  bridge_.configure(engines +
                    "  - name: Chmod\n    every: 1h\n"
                    "    self_test: [ { name: mode, file: { path: etc/mode, mode: \"0640\" } } ]\n"
                    "    repair: { policy: [ { path: etc/mode, max_mode: \"0640\" } ] }\n"
                    "  - name: Env\n    every: 1h\n"
                    "    self_test: [ { name: port, env: { file: .env, equals: { PORT: \"8080\" } } } ]\n"
                    "    repair: { env: [ { file: .env, set: { PORT: \"8080\" } } ] }\n"
                    "  - name: Link\n    every: 1h\n    healing: { fail_after: 1 }\n"
                    "    self_test: [ { name: link, command: [test, -e, current/good] } ]\n"
                    "    repair: { links: [ { path: current, target: releases/1 } ] }\n");
  Daemon daemon(bridge_);
  const std::map<std::string, std::string> drifts = {
      {"Edited", "echo wrong > etc/Edited"}, {"Replaced", "echo wrong > etc/new; mv etc/new etc/Replaced"},
      {"Deleted", "rm etc/Deleted"},         {"Chmod", "chmod 666 etc/mode"},
      {"Env", "sed -i s/8080/80/ .env"},     {"Link", "ln -sfn releases/2 current"}};
  for (const auto& [engine, drift] : drifts) daemon.expect_passes(engine);
  for (const auto& [engine, drift] : drifts) {
    shell(bridge_, drift);
    daemon.expect_count("heal.completed", 1, engine);
  }
  for (const auto& [engine, drift] : drifts) daemon.expect_passes(engine);
  for (const char* name : {"Edited", "Replaced", "Deleted"})
    EXPECT_EQ(bridge_.read(std::string("etc/") + name), "port = 8080\n");
  EXPECT_EQ(std::filesystem::status(bridge_.path("etc/mode")).permissions(), std::filesystem::perms(0640));
  EXPECT_EQ(bridge_.read(".env"), "PORT=8080\n");
  EXPECT_EQ(std::filesystem::read_symlink(bridge_.path("current")), "releases/1");
  EXPECT_EQ(daemon.count("heal.triggered"), drifts.size()) << "its own repairs are no drift";
  daemon.stop();
}

TEST_F(DaemonDrift, AKilledProcessIsStartedAgainAtOnce) {
  install_service(bridge_);
  bridge_.write("etc/app.conf", "port = 8080\n");
  start_service(bridge_);
  bridge_.configure(
      "  - name: App\n    every: 1h\n"
      "    self_test: [ { name: process, process: { pidfile: run/app.pid } } ]\n"
      "    repair: { service: { start: [bin/service, start], stop: [bin/service, stop], pidfile: run/app.pid } }\n");
  Daemon daemon(bridge_);
  daemon.expect_passes("App");
  for (std::size_t round = 1; round <= 2; ++round) {
    const pid_t before = service_of(bridge_);
    ::kill(before, SIGKILL);
    daemon.expect_count("heal.completed", round, "App");
    EXPECT_NE(service_of(bridge_), before);
    EXPECT_EQ(::kill(service_of(bridge_), 0), 0);
    daemon.expect_passes("App");
  }
  daemon.stop();
  EXPECT_EQ(::kill(service_of(bridge_), 0), 0) << "a service outlives the daemon";
}

TEST_F(DaemonDrift, WhatCannotBeWatchedIsFoundBySchedule) {
  bridge_.write("flag", "");
  bridge_.configure(
      "  - name: Flag\n    every: 1s\n    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: flag, command: [test, -e, flag] } ]\n"
      "    repair: { commands: [ { run: [touch, flag], repeatable: true } ] }\n");
  Daemon daemon(bridge_);
  daemon.expect_passes("Flag");
  std::filesystem::remove(bridge_.path("flag"));
  daemon.expect_count("heal.completed", 1);
  EXPECT_TRUE(bridge_.exists("flag"));
  daemon.stop();
}

TEST_F(DaemonDrift, OfAHeldOrOnlyObservedEngineIsLeftAndSaidOnce) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  for (const char* name : {"Held", "Observed"}) bridge_.write(std::string("etc/") + name, "port = 8080\n");
  bridge_.configure(file_engine("Held") + file_engine("Observed", "    healing: { mode: observe }\n"));
  Daemon daemon(bridge_);
  for (const char* name : {"Held", "Observed"}) daemon.expect_passes(name);
  EXPECT_EQ(bridge_.autoheal({"hold", "Held", "--for", "1h", "--reason", "new port"}).exit_code, 0);
  for (const char* name : {"Held", "Observed"}) {
    for (const char* edit : {"port = 1\n", "port = 2\n"}) {
      std::ofstream(bridge_.path(std::string("etc/") + name)) << edit;
      daemon.expect_count("heal.skipped", 1, name);
      EXPECT_TRUE(eventually([&] { return !daemon.engine(name).at("testing"); }));
    }
    EXPECT_EQ(bridge_.read(std::string("etc/") + name), "port = 2\n");
  }
  EXPECT_THAT(daemon.entries("heal.skipped", "Held").front().data, HasSubstr("\"held\""));
  EXPECT_THAT(daemon.entries("heal.skipped", "Observed").front().data,
              AllOf(HasSubstr("\"observe\""), HasSubstr("would_have"), HasSubstr("etc/Observed")));
  EXPECT_EQ(bridge_.autoheal({"unhold", "Held"}).exit_code, 0);
  daemon.expect_count("heal.completed", 1, "Held");
  EXPECT_EQ(bridge_.read("etc/Held"), "port = 8080\n");
  EXPECT_EQ(bridge_.read("etc/Observed"), "port = 2\n");
  daemon.stop();
}

TEST_F(DaemonDrift, WaitsForQuietWhereItWasTold) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.write("etc/Settles", "port = 8080\n");
  bridge_.configure(file_engine("Settles", "    healing: { settle: 300ms }\n"));
  Daemon daemon(bridge_);
  daemon.expect_passes("Settles");
  const auto edited = std::chrono::steady_clock::now();
  std::ofstream(bridge_.path("etc/Settles")) << "port = 1\n";
  daemon.expect_count("heal.completed", 1);
  EXPECT_GE(std::chrono::steady_clock::now() - edited, std::chrono::milliseconds(300));
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
