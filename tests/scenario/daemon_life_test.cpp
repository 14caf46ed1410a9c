// A daemon's life as an init system and an administrator see it: started, told to read again, ended, started again.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Certification that waits at a Gate, and says that it does.
const std::string waits_at_gate = "    certify: { tests: [ { name: gate, command: [tests/gate], timeout: 30s } ] }\n";

void install_gate(const Bridge& bridge) {
  bridge.write("baseline/app.conf", "port = 8080\n");
  bridge.write("run/.keep", "");
  bridge.script("tests/gate", std::string("echo $$ >> run/waiting; ") + Gate::wait + "; [ ! -e refuse ]\n");
}

std::size_t waiting(const Bridge& bridge) {
  const std::string lines = bridge.read("run/waiting");
  return static_cast<std::size_t>(std::ranges::count(lines, '\n'));
}

class DaemonLife : public ::testing::Test {
 protected:
  void one_file(const std::string& head = "") const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/File", "port = 8080\n");
    bridge_.configure(file_engine("File"), head);
  }
  std::vector<std::string> dated_reports() const {
    std::vector<std::string> names;
    for (const auto& one : std::filesystem::directory_iterator(bridge_.path("logs/selftest_reports"))) {
      const std::string name = one.path().filename();
      if (name.starts_with("bridge_selftest_") && name.ends_with(".json")) names.push_back(name);
    }
    return names;
  }
  Bridge bridge_;
};

TEST_F(DaemonLife, IsToldInTheLedgerFromStartToEnd) {
  one_file();
  for (int life = 0; life < 2; ++life) {
    Daemon daemon(bridge_);
    daemon.expect_passes("File");
    daemon.stop();
    EXPECT_FALSE(bridge_.exists("var/ledger.db.sock"));
  }
  EXPECT_EQ(bridge_.entries("node.started").size(), 2U);
  EXPECT_EQ(bridge_.entries("node.stopped").size(), 2U);
  EXPECT_THAT(bridge_.entries("node.stopped").front(), HasSubstr("SIGTERM"));
  EXPECT_EQ(bridge_.entries("config.loaded").size(), 1U) << "the second life has the same";
  EXPECT_EQ(bridge_.entries("selftest.engine_tested").size(), 2U) << "one for each life, the outcome was the same";
  bridge_.configure(file_engine("File", "    healing: { settle: 10ms }\n"));
  Daemon(bridge_).stop();
  const auto loaded = bridge_.entries("config.loaded");
  ASSERT_EQ(loaded.size(), 2U);
  EXPECT_EQ(json::parse(loaded.back()).at("data").at("engines_changed"), json::array({"File"}));
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(DaemonLife, AnEndRecordsTheCertificateThatItWaitedFor) {
  install_gate(bridge_);
  Gate gate(bridge_);
  bridge_.write("etc/File", "wrong");
  bridge_.configure(file_engine("File", waits_at_gate));
  {
    Daemon daemon(bridge_);
    EXPECT_TRUE(eventually([&] { return waiting(bridge_) > 0; }));
    daemon.tell_to_stop();
    EXPECT_TRUE(eventually([&] { return daemon.count("node.stopped") == 1; }));
    gate.open();
    daemon.wait_for_the_end();
  }
  EXPECT_EQ(bridge_.entries("heal.completed").size(), 1U);
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  EXPECT_EQ(daemon.count("heal.resumed"), 0U);
  EXPECT_EQ(daemon.count("heal.triggered"), 1U);
  // From then on it is watched as ever.
  std::ofstream(bridge_.path("etc/File")) << "wrong again";
  daemon.expect_count("heal.completed", 2);
  daemon.stop();
}

// Two commands that must not run twice; the first waits at the Gate.
constexpr char two_commands[] = R"(  - name: Two
    every: 1h
    self_test: [ { name: both, command: [/usr/bin/test, -e, run/two] } ]
    repair: { commands: [ { run: [bin/one] }, { run: [bin/two] } ] }
)";

bool catches(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:")) return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) != 0;
  }
  return false;
}

class EndWithinAnAct : public DaemonLife {
 protected:
  void SetUp() override {
    bridge_.write("run/.keep", "");
    bridge_.script("bin/one", "echo one >> run/log; echo $$ >> run/waiting; " + std::string(Gate::wait) + "\n");
    bridge_.script("bin/two", "echo two >> run/log; touch run/two\n");
    bridge_.configure(two_commands);
  }
  void begin_anew() const {
    for (const char* left : {"run/two", "run/log", "run/waiting", "var"})
      std::filesystem::remove_all(bridge_.path(left));
  }
  // The first time, once the heal waits for its repair.
  void interrupt(const Background& heal, int signal) const {
    EXPECT_TRUE(eventually([&] { return waiting(bridge_) > 0; }));
    heal.send(signal);
    EXPECT_TRUE(eventually([&] { return !catches(heal.pid(), signal); })) << "it was taken";
  }
  // The awaited effect is recorded, an effect that did not begin is not announced.
  void expect_the_first_is_recorded() const {
    EXPECT_EQ(bridge_.entries("heal.change_applied").size(), 1U);
    EXPECT_EQ(bridge_.entries("heal.change_intended").size(), 1U);
    EXPECT_TRUE(bridge_.entries("heal.completed").empty());
  }
  void expect_each_ran_once() const {
    EXPECT_EQ(bridge_.read("run/log"), "one\ntwo\n");
    EXPECT_EQ(bridge_.entries("heal.completed").size(), 1U);
    EXPECT_EQ(bridge_.entries("heal.retry_scheduled").size(), 0U);
  }
};

TEST_F(EndWithinAnAct, OfTheDaemonRecordsWhatCameOfIt) {
  Gate gate(bridge_);
  {
    Daemon daemon(bridge_);
    EXPECT_TRUE(eventually([&] { return waiting(bridge_) > 0; })) << daemon.said();
    daemon.tell_to_stop();
    EXPECT_TRUE(eventually([&] { return daemon.count("node.stopped") == 1; }));
    gate.open();
    daemon.wait_for_the_end();
  }
  expect_the_first_is_recorded();
  {
    Daemon daemon(bridge_);
    daemon.expect_count("heal.completed", 1);
    daemon.stop();
  }
  expect_each_ran_once();
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(EndWithinAnAct, OfACommandRecordsWhatCameOfIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    begin_anew();
    Gate gate(bridge_);
    Background heal(bridge_.invocation({"heal", "Two"}));
    interrupt(heal, signal);
    gate.open();
    EXPECT_EQ(heal.wait(), 128 + signal);
    expect_the_first_is_recorded();
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
    expect_each_ran_once();
    EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
  }
}

TEST_F(EndWithinAnAct, Case37_OnASecondInterruptIsAtOnceAndTheHealGoesOnLater) {
  for (const int signal : {SIGTERM, SIGINT}) {
    begin_anew();
    Gate gate(bridge_);
    Background heal(bridge_.invocation({"heal", "Two"}));
    interrupt(heal, signal);
    heal.send(signal);
    EXPECT_EQ(heal.wait(), 128 + signal);
    EXPECT_TRUE(bridge_.entries("heal.change_applied").empty());
    EXPECT_THAT(bridge_.autoheal({"heals"}).out, HasSubstr("Repairing"));
    gate.open();
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
    EXPECT_THAT(bridge_.autoheal({"show", "last", "-o", "json"}).out, HasSubstr(R"("state":"Complete")"));
    EXPECT_EQ(bridge_.entries("heal.triggered").size(), 1U);
  }
}

TEST_F(DaemonLife, AnEndOfASelfTestRecordsWhatItTested) {
  bridge_.write("run/.keep", "");
  bridge_.script("tests/gate", std::string("echo $$ >> run/waiting; ") + Gate::wait + "\n");
  bridge_.configure(
      "  - name: Slow\n    self_test: [ { name: gate, command: [tests/gate], timeout: 30s } ]\n"
      "    repair: { commands: [ { run: [/bin/true] } ] }\n");
  Gate gate(bridge_);
  Background run(bridge_.invocation({"selftest"}));
  EXPECT_TRUE(eventually([&] { return waiting(bridge_) > 0; }));
  run.send(SIGTERM);
  gate.open();
  EXPECT_EQ(run.wait(), 143);
  EXPECT_EQ(bridge_.entries("selftest.engine_tested").size(), 1U);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(DaemonLife, ASecondOneLeavesAndTheFirstIsNotDisturbed) {
  one_file();
  const Daemon first(bridge_);
  first.expect_passes("File");
  const Ran second = bridge_.autoheal({"serve"});
  EXPECT_EQ(second.exit_code, 6);
  EXPECT_THAT(second.err, HasSubstr("owns the ledger"));
  std::ofstream(bridge_.path("etc/File")) << "wrong";
  first.expect_count("heal.completed", 1);
  first.expect_passes("File");
}

TEST_F(DaemonLife, Case04_ASocketWhereOthersCouldPutTheirsIsNotOpened) {
  one_file();
  ASSERT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 0);
  std::filesystem::create_symlink("elsewhere.sock", bridge_.path("var/ledger.db.sock"));
  const Ran linked = bridge_.autoheal({"serve"});
  EXPECT_EQ(linked.exit_code, 6);
  EXPECT_THAT(linked.err, HasSubstr("var/ledger.db.sock"));
  std::filesystem::remove(bridge_.path("var/ledger.db.sock"));
  std::filesystem::permissions(bridge_.path("var"), std::filesystem::perms(0777));
  const Ran open = bridge_.autoheal({"serve"});
  EXPECT_EQ(open.exit_code, 6);
  EXPECT_THAT(open.err, AllOf(HasSubstr("/var"), HasSubstr("777")));
  EXPECT_TRUE(bridge_.entries("node.started").empty());
  std::filesystem::permissions(bridge_.path("var"), std::filesystem::perms(0750));
  Daemon(bridge_).stop();
}

TEST_F(DaemonLife, TheSocketOfADeadOneIsReplaced) {
  one_file();
  {
    Daemon daemon(bridge_);
    daemon.kill();
  }
  EXPECT_TRUE(bridge_.exists("var/ledger.db.sock"));
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  daemon.stop();
}

TEST_F(DaemonLife, ALedgerDeeperThanASocketsNameWorks) {
  const std::string deep = std::string(60, 'a') + "/" + std::string(60, 'b') + "/ledger.db";
  one_file("ledger: " + deep + "\n");
  Daemon daemon(bridge_, {}, deep);
  daemon.expect_passes("File");
  EXPECT_EQ(bridge_.autoheal({"hold", "File", "--for", "1m"}).exit_code, 0);
  EXPECT_EQ(daemon.count("engine.held"), 1U);
  daemon.stop();
}

TEST_F(DaemonLife, ReadAgainNewEnginesAreTestedAtOnceAndOldOnesForgotten) {
  one_file();
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  bridge_.write("etc/New", "wrong");
  bridge_.configure(file_engine("New"));
  daemon.reload();
  daemon.expect_count("heal.completed", 1, "New");
  const auto loaded = daemon.entries("config.loaded");
  ASSERT_EQ(loaded.size(), 2U);
  EXPECT_EQ(json::parse(loaded.back().data).at("engines_added"), json::array({"New"}));
  EXPECT_EQ(json::parse(loaded.back().data).at("engines_removed"), json::array({"File"}));
  std::ofstream(bridge_.path("etc/File")) << "nobody's now";
  std::ofstream(bridge_.path("etc/New")) << "wrong again";
  daemon.expect_count("heal.completed", 2, "New");
  EXPECT_EQ(bridge_.read("etc/File"), "nobody's now");
  daemon.stop();
}

TEST_F(DaemonLife, ABadConfigurationIsRefusedAndTheOldOneStays) {
  one_file();
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  const std::string good = bridge_.read("autoheal.yaml");
  std::size_t refusals = 0;
  for (const std::string bad : {"", "version: 1\nengines: [\n", "engines: 3\n"}) {
    bridge_.write("autoheal.yaml", bad);
    daemon.reload();
    daemon.expect_count("config.refused", ++refusals);
  }
  EXPECT_THAT(daemon.said(), AllOf(HasSubstr("stays as it was"), HasSubstr("autoheal.yaml:")));
  bridge_.write("autoheal.yaml", "ledger: other.db\n" + good);
  daemon.reload();
  daemon.expect_count("config.refused", ++refusals);
  EXPECT_THAT(daemon.said(), HasSubstr("another ledger"));
  EXPECT_FALSE(bridge_.exists("other.db"));
  EXPECT_EQ(daemon.count("config.loaded"), 1U);
  std::ofstream(bridge_.path("etc/File")) << "wrong";
  daemon.expect_count("heal.completed", 1);
  daemon.stop();
}

TEST_F(DaemonLife, AnEngineThatIsRemovedDuringItsHealIsPutBackAndTriedNoMore) {
  install_gate(bridge_);
  Gate gate(bridge_);
  bridge_.write("etc/File", "wrong");
  bridge_.write("etc/Other", "port = 8080\n");
  bridge_.configure(file_engine("Other") + file_engine("File", waits_at_gate));
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return waiting(bridge_) > 0; }));
  bridge_.configure(file_engine("Other"));
  daemon.reload();
  daemon.expect_count("config.loaded", 2);
  bridge_.write("refuse", "");
  gate.open();
  daemon.expect_count("heal.exhausted", 1, "File");
  EXPECT_THAT(daemon.entries("heal.exhausted").front().data, HasSubstr("engine_removed"));
  EXPECT_EQ(daemon.count("heal.rolled_back"), 1U);
  EXPECT_EQ(bridge_.read("etc/File"), "wrong");
  daemon.stop();
}

TEST(HostileDaemon, Case42_EachHealEndsUnderTheConfigurationItBeganWith) {
  const Bridge bridge;
  install_gate(bridge);
  Gate gate(bridge);
  std::string before, after;
  for (int index = 0; index < 10; ++index) {
    const std::string name = "Engine" + std::to_string(index);
    bridge.write("etc/" + name, "wrong");
    before += file_engine(name, waits_at_gate);
    after += file_engine(name, "    healing: { max_retries: 1 }\n");
  }
  bridge.configure(before);
  Daemon daemon(bridge);
  EXPECT_TRUE(eventually([&] { return waiting(bridge) == 10; })) << daemon.said();
  bridge.write("baseline/app.conf", "port = 9090\n");
  bridge.configure(after);
  daemon.reload();
  daemon.expect_count("config.loaded", 2);
  gate.open();
  // Each ends as it began, and then fails the new configuration.
  daemon.expect_count("heal.completed", 20);
  const auto loaded = daemon.entries("config.loaded");
  for (int index = 0; index < 10; ++index) {
    const std::string name = "Engine" + std::to_string(index);
    SCOPED_TRACE(name);
    const auto triggered = daemon.entries("heal.triggered", name);
    const auto certified = daemon.entries("heal.certified", name);
    ASSERT_EQ(certified.size(), 2U);
    for (std::size_t heal = 0; heal < 2; ++heal) {
      const json digest = json::parse(loaded[heal].data).at("engines").at(name);
      EXPECT_EQ(json::parse(triggered[heal].data).at("configuration"), digest);
      EXPECT_THAT(certified[heal].data, HasSubstr(digest.get<std::string>()));
    }
    EXPECT_EQ(bridge.read("etc/" + name), "port = 9090\n");
  }
  daemon.stop();
}

TEST_F(DaemonLife, ReportsFollowWhatChangesAndFailuresAreKept) {
  one_file();
  Daemon daemon(bridge_);
  const auto latest = [&] { return json::parse(bridge_.read("logs/selftest_reports/latest.json"), nullptr, false); };
  EXPECT_TRUE(eventually([&] { return latest().is_object(); }));
  EXPECT_EQ(latest().at("summary").at("status"), "Stable");
  EXPECT_TRUE(dated_reports().empty()) << "what passes is no reason for a dated one";
  std::ofstream(bridge_.path("etc/File")) << "wrong";
  EXPECT_TRUE(eventually([&] { return !dated_reports().empty(); }));
  for (const std::string& name : dated_reports()) {
    const std::string dated = bridge_.read("logs/selftest_reports/" + name);
    EXPECT_THAT(dated, AllOf(HasSubstr("auto-heal launched"), HasSubstr("differs from its baseline")));
  }
  daemon.expect_passes("File");
  EXPECT_TRUE(eventually([&] {
    const json now = latest();
    return now.is_object() && now.at("summary").at("status") == "Stable";
  }));
  daemon.stop();
}

TEST_F(DaemonLife, TenThousandLinesOfATestAreToldOnce) {
  bridge_.write("run/.keep", "");
  bridge_.script("tests/loud", "echo >> run/tested; seq 10000 >&2; exit 1\n");
  bridge_.configure(
      "  - name: Loud\n    every: 1h\n    healing: { fail_after: 1, enabled: false }\n"
      "    self_test: [ { name: loud, command: [tests/loud] } ]\n");
  Daemon daemon(bridge_);
  daemon.expect_count("heal.skipped", 1);
  const std::string said = daemon.said();
  for (std::size_t round = 1; round <= 3; ++round) {
    const std::size_t before = bridge_.read("run/tested").size();
    daemon.inspect("Loud");
    EXPECT_TRUE(eventually([&] { return bridge_.read("run/tested").size() > before; }));
    EXPECT_TRUE(eventually([&] { return !daemon.engine("Loud").at("testing"); }));
  }
  EXPECT_EQ(daemon.said(), said);
  EXPECT_LT(said.size(), 4'000U);
  EXPECT_EQ(daemon.count("selftest.engine_tested"), 1U);
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
