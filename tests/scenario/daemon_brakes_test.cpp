// A daemon that heals too eagerly does harm: what flaps, boots slowly, hangs or cannot be repaired.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Scene {
  std::size_t lines_of(const std::string& file) const {
    std::ifstream stream(bridge_.path(file));
    std::size_t count = 0;
    for (std::string line; std::getline(stream, line);) ++count;
    return count;
  }
  // One more test of the engine, which adds a line to `told_by`; back once it has ended.
  void test_again(const Daemon& daemon, const std::string& engine, const std::string& told_by) const {
    const std::size_t before = lines_of(told_by);
    daemon.inspect(engine);
    EXPECT_TRUE(eventually([&] { return lines_of(told_by) > before; }));
    EXPECT_TRUE(eventually([&] { return !daemon.engine(engine).at("testing"); }));
  }
  // An engine that is never right; run/tested has a line for each test.
  void hopeless(const std::string& healing) const {
    bridge_.write("run/.keep", "");
    bridge_.script("tests/never", "echo tested >> run/tested; exit 1\n");
    bridge_.script("bin/try", "echo tried >> run/tried\n");
    bridge_.configure("  - name: Hopeless\n    every: 1h\n    healing: { fail_after: 1, " + healing +
                      " }\n"
                      "    self_test: [ { name: never, command: [tests/never] } ]\n"
                      "    repair: { commands: [ { run: [bin/try], repeatable: true } ] }\n"
                      "    certify: { within: 0s }\n");
  }
  void expect_quiet(const Daemon& daemon, std::size_t heals) const {
    for (int round = 0; round < 3; ++round) test_again(daemon, "Hopeless", "run/tested");
    EXPECT_EQ(daemon.count("heal.triggered"), heals);
  }
  Bridge bridge_;
};

class DaemonBrakes : public ::testing::Test, protected Scene {};

TEST(HostileDaemon, Case45_WhatAlwaysFailsIsTriedAsOftenAsAllowedThenQuiet) {
  const Scene scene;
  scene.hopeless("max_retries: 3, cooldown: 1h");
  Daemon daemon(scene.bridge_);
  daemon.expect_count("heal.exhausted", 1);
  EXPECT_EQ(scene.lines_of("run/tried"), 3U);
  EXPECT_EQ(daemon.count("heal.repair_started"), 3U);
  EXPECT_THAT(daemon.entries("heal.exhausted").front().data, HasSubstr("attempts_exhausted"));
  scene.expect_quiet(daemon, 1);
  EXPECT_EQ(daemon.count("heal.skipped"), 1U) << "said once per cause";
  EXPECT_EQ(daemon.skipped("Hopeless"), "cooldown");
  daemon.stop();
}

TEST_F(DaemonBrakes, ThePauseAfterAnExhaustedHealOutlivesTheDaemonAndEndsByReset) {
  hopeless("max_retries: 1, cooldown: 1h");
  {
    Daemon daemon(bridge_);
    daemon.expect_count("heal.exhausted", 1);
    daemon.kill();
  }
  Daemon daemon(bridge_);
  daemon.expect_count("heal.skipped", 1);
  expect_quiet(daemon, 1);
  EXPECT_EQ(bridge_.autoheal({"reset", "Hopeless"}).exit_code, 0);
  daemon.expect_count("heal.exhausted", 2);
  expect_quiet(daemon, 2);
  daemon.stop();
}

TEST_F(DaemonBrakes, AfterThePauseItIsTriedAgain) {
  hopeless("max_retries: 1, cooldown: 300ms");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return daemon.count("heal.exhausted") >= 2; })) << daemon.said();
  const auto began = daemon.entries("heal.triggered");
  EXPECT_GE(began[1].time - daemon.entries("heal.exhausted")[0].time, std::chrono::milliseconds(290));
  daemon.stop();
}

TEST(HostileDaemon, Case46_WhatFlapsIsHealedSoManyTimesAnHourThenLeft) {
  Bridge bridge;
  bridge.write("baseline/app.conf", "port = 8080\n");
  bridge.write("etc/Flaps", "port = 8080\n");
  bridge.configure(file_engine("Flaps", "    healing: { max_heals_per_hour: 3, cooldown: 0s }\n"));
  Daemon daemon(bridge);
  daemon.expect_passes("Flaps");
  for (std::size_t heal = 1; heal <= 3; ++heal) {
    std::ofstream(bridge.path("etc/Flaps")) << "bad " << heal;
    daemon.expect_count("heal.completed", heal);
    daemon.expect_passes("Flaps");
  }
  std::ofstream(bridge.path("etc/Flaps")) << "worse";
  daemon.expect_count("heal.exhausted", 1);
  for (int look = 0; look < 3; ++look) {
    daemon.inspect("Flaps");
    EXPECT_TRUE(eventually([&] {
      return daemon.skipped("Flaps") == "flapping" && !daemon.engine("Flaps").at("testing");
    })) << daemon.said();
  }
  daemon.expect_count("heal.exhausted", 1);
  EXPECT_THAT(daemon.entries("heal.exhausted").front().data, HasSubstr("flapping"));
  EXPECT_EQ(daemon.count("heal.repair_started"), 3U);
  EXPECT_THAT(bridge.read("etc/Flaps"), ::testing::Eq("worse"));
  EXPECT_EQ(bridge.autoheal({"reset", "Flaps"}).exit_code, 0);
  daemon.expect_count("heal.completed", 4);
  EXPECT_EQ(bridge.read("etc/Flaps"), "port = 8080\n");
  daemon.stop();
  // The same hour under other brakes.
  const auto back_tested = [&](const std::string& most) {
    std::string with = bridge.read("autoheal.yaml");
    with.replace(with.find("max_heals_per_hour: 3"), 21, "max_heals_per_hour: " + most);
    bridge.write("with.yaml", with);
    return bridge.autoheal({"replay", "--all", "--with", "with.yaml"}).out;
  };
  EXPECT_THAT(back_tested("3"), HasSubstr("5 heals: 5 unchanged"));
  EXPECT_THAT(back_tested("2"), HasSubstr("5 heals: 3 unchanged, 1 would not begin, 1 would exhaust"));
  EXPECT_THAT(back_tested("9"), HasSubstr("5 heals: 4 unchanged, 1 unknown"));
}

TEST_F(DaemonBrakes, AServiceThatBootsSlowlyIsStartedOnce) {
  const std::string boots_in = long_runs() ? "15" : "1.5";
  bridge_.write("run/.keep", "");
  bridge_.script("bin/boot",
                 "echo $$ > run/app.pid; sleep " + boots_in + "; cp run/app.pid run/ready; exec tail -f /dev/null\n");
  bridge_.script("bin/start", "echo started >> run/starts; setsid bin/boot >/dev/null 2>&1 &\n");
  bridge_.script("tests/ready", "cmp -s run/app.pid run/ready\n");
  bridge_.configure(
      "  - name: App\n    every: 1s\n    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: process, process: { pidfile: run/app.pid } }, { name: ready, command: [tests/ready] } "
      "]\n"
      "    repair: { service: { start: [bin/start], pidfile: run/app.pid } }\n"
      "    certify: { within: 30s, hold: 200ms }\n");
  Daemon daemon(bridge_);
  daemon.expect_count("heal.completed", 1);
  daemon.expect_passes("App");
  EXPECT_EQ(lines_of("run/starts"), 1U);
  EXPECT_EQ(daemon.count("heal.triggered"), 1U);
  EXPECT_EQ(daemon.count("heal.repair_started"), 1U);
  daemon.stop();
}

TEST_F(DaemonBrakes, AWarningPassesAndWhatIsOnlyReportedStartsNoHeal) {
  bridge_.write("run/.keep", "");
  bridge_.script("tests/disk", "echo tested >> run/tested; echo 'DISK WARNING - 8% free'; exit 1\n");
  bridge_.script("tests/full", "echo 'DISK CRITICAL - 1% free'; exit 2\n");
  bridge_.configure(
      "  - name: Disk\n    every: 1h\n    healing: { fail_after: 1 }\n"
      "    self_test:\n"
      "      - { name: warns, plugin: [tests/disk] }\n"
      "      - { name: full, plugin: [tests/full], heal: false }\n");
  Daemon daemon(bridge_);
  daemon.expect_passes("Disk");
  for (int round = 0; round < 3; ++round) test_again(daemon, "Disk", "run/tested");
  daemon.expect_passes("Disk");
  EXPECT_EQ(daemon.count("heal.triggered"), 0U);
  EXPECT_EQ(daemon.count("heal.skipped"), 0U);
  daemon.stop();
}

TEST_F(DaemonBrakes, AProbeThatHangsDelaysNobody) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.write("etc/Other", "port = 8080\n");
  bridge_.write("run/.keep", "");
  Gate gate(bridge_);
  bridge_.script("tests/hangs", std::string("echo $$ > run/hangs; ") + Gate::wait + "\n");
  bridge_.configure(file_engine("Other") +
                    "  - name: Hangs\n    every: 1h\n"
                    "    self_test: [ { name: hangs, command: [tests/hangs], timeout: 30s } ]\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return bridge_.exists("run/hangs"); }));
  daemon.expect_passes("Other");
  std::ofstream(bridge_.path("etc/Other")) << "wrong";
  daemon.expect_count("heal.completed", 1, "Other");
  EXPECT_TRUE(daemon.engine("Hangs").at("testing"));
  gate.open();
  daemon.expect_passes("Hangs");
  daemon.stop();
}

TEST_F(DaemonBrakes, AProbeThatHangsIsEndedWithItsChildren) {
  bridge_.write("run/.keep", "");
  bridge_.script("tests/hangs",
                 "sleep 1000 & echo $! > run/child; setsid sleep 1000 & echo $! > run/grandchild; wait\n");
  bridge_.configure(
      "  - name: Hangs\n    every: 1h\n    healing: { enabled: false, fail_after: 1 }\n"
      "    self_test: [ { name: hangs, command: [tests/hangs], timeout: 200ms } ]\n");
  Daemon daemon(bridge_);
  daemon.expect_count("heal.skipped", 1);
  EXPECT_THAT(daemon.entries("heal.skipped").front().data, HasSubstr("disabled"));
  for (const char* file : {"run/child", "run/grandchild"}) {
    const std::string pid = bridge_.read(file);
    ASSERT_FALSE(pid.empty());
    EXPECT_TRUE(has_ended(std::stoi(pid))) << file;
  }
  daemon.stop();
}

TEST_F(DaemonBrakes, NetworkAndCommandsMustFailTwiceFilesOnce) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.write("etc/File", "wrong");
  std::string engines = file_engine("File");
  const std::map<std::string, std::string> probes = {{"Command", "command: [\"false\"]"},
                                                     {"Tcp", "tcp: { host: 127.0.0.1, port: 1 }"},
                                                     {"Http", "http: { url: \"http://127.0.0.1:1/\" }"}};
  // File and the ones called Once are tested a second time in an hour only.
  for (const auto& [name, probe] : probes) {
    for (const auto& [engine, every] : {std::pair{name, "1s"}, {name + "Once", "1h"}}) {
      engines += "  - name: " + engine + "\n    every: " + every +
                 "\n    healing: { max_retries: 1 }\n    self_test: [ { name: it, " + probe +
                 " } ]\n    repair: { commands: [ { run: [\"true\"] } ] }\n    certify: { within: 0s }\n";
    }
  }
  bridge_.configure(engines);
  Daemon daemon(bridge_);
  const auto comes = [&](const std::string& type, const std::string& name) {
    EXPECT_TRUE(eventually([&] { return daemon.count(type, name) > 0; })) << type << " " << name << daemon.said();
  };
  for (const auto& [name, probe] : probes) comes("selftest.engine_tested", name + "Once");
  comes("heal.triggered", "File");
  for (const auto& [name, probe] : probes) comes("heal.triggered", name);
  for (const auto& [name, probe] : probes) EXPECT_EQ(daemon.count("heal.triggered", name + "Once"), 0U) << name;
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
