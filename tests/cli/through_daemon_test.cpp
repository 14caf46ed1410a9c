// Requests of people have the same result through a daemon as in their own process; the kernel says who they are.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ThroughDaemon : public ::testing::Test {
 protected:
  // The daemon only observes, so that people's commands are all that happens.
  void broken_file(const Bridge& bridge, const std::string& head = "", const std::string& more = "") const {
    bridge.script("tests/verdict", "[ ! -e refuse ]\n");
    bridge.write("baseline/app.conf", "port = 8080\n");
    bridge.write("etc/File", "damaged\n");
    bridge.configure(file_engine("File", "    healing: { mode: observe }\n" + more +
                                             "    certify: { hashes: [etc/File], tests: [ { name: verdict, command: "
                                             "[tests/verdict], timeout: 30s } ] }\n"),
                     head);
  }
  // Exit code and stdout of one command, without the parts that always differ.
  static std::string outcome(const Bridge& bridge, const std::vector<std::string>& command) {
    const Ran ran = bridge.autoheal(command);
    std::string out = ran.out;
    for (const auto& [pattern, instead] : std::vector<std::pair<std::string, std::string>>{
             {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"},
             {"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME"},  // first: its seconds are SECONDS as well
             {"[0-9]+\\.[0-9]{3}", "SECONDS"},
             {"runtime_ms\":[0-9]+", "runtime_ms"},
             {"bridge_selftest_[0-9_]+", "REPORT"}})
      out = std::regex_replace(out, std::regex(pattern), instead);
    std::string line;
    for (const std::string& word : command) line += word + " ";
    return line + "-> " + std::to_string(ran.exit_code) + "\n" + out;
  }
  static std::string all_commands(const Bridge& bridge) {
    std::string told;
    const auto tell = [&](const std::vector<std::string>& command) { told += outcome(bridge, command); };
    tell({"selftest", "--no-heal", "-o", "json"});
    tell({"selftest", "--engine", "Nobody"});
    tell({"hold", "File", "--for", "1h", "--reason", "new port"});
    tell({"heal", "File", "-o", "json"});
    tell({"unhold", "File"});
    tell({"heal", "File", "--error", "x", "-o", "json"});
    tell({"heal", "File", "-o", "json"});
    tell({"heal", "Fil"});
    bridge.write("etc/File", "damaged\n");
    tell({"selftest"});
    bridge.write("etc/File", "damaged\n");
    bridge.write("refuse", "");
    tell({"heal", "File", "-o", "json"});
    std::filesystem::remove(bridge.path("refuse"));
    tell({"cancel", "last"});
    tell({"rollback", "last"});
    tell({"rollback", "ffff"});
    tell({"reset", "File"});
    tell({"reset", "Nobody"});
    tell({"hold", "File", "--for", "never"});
    tell({"hold", "File", "--for", "1000d"});
    tell({"hold"});
    tell({"unhold", "--all"});
    tell({"baseline", "adopt", "File"});
    tell({"baseline", "adopt", "Nobody"});
    tell({"heal", "File", "--dry-run"});
    for (const char* format : {"text", "json", "csv"}) {
      tell({"ledger", "archive", "--before", "2000-01-01", "-o", format});
      tell({"token", "list", "-o", format});
    }
    tell({"ledger", "archive", "--before", "2000-01-01", "--to", "/nowhere/at/all.tar.gz"});
    tell({"ledger", "checkpoint", "--accept-rollback"});
    tell({"ledger", "witness", "remove", "w"});
    tell({"ledger", "witness", "add", "no key"});
    tell({"token", "create", "--principal", "somebody"});
    tell({"token", "revoke", "0123456789abcdef"});
    for (const std::string& nobody : {std::string(), std::string("a/../b"), std::string("a\nb"), std::string("\xff"),
                                      std::string(2'000, 'x'), std::string("ahl_x"), std::string("%41")}) {
      tell({"heal", nobody});
      tell({"hold", nobody});
      tell({"cancel", nobody});
      tell({"token", "revoke", nobody});
    }
    return told;
  }
  // The test that certifies the damaged file waits until it opens.
  [[nodiscard]] Gate gate_of_the_verdict() const {
    broken_file(bridge_);
    bridge_.write("run/.keep", "");
    bridge_.script("tests/verdict", std::string("touch run/waiting; ") + Gate::wait + "\n");
    return Gate(bridge_);
  }
  void expect_it_waits() const {
    EXPECT_TRUE(eventually([&] { return bridge_.exists("run/waiting"); }));
  }
  Bridge bridge_;
};

TEST_F(ThroughDaemon, EveryCommandSaysTheSameAsInAProcessOfItsOwn) {
  broken_file(bridge_);
  const Bridge other;
  broken_file(other);
  Daemon daemon(other);
  EXPECT_EQ(all_commands(other), all_commands(bridge_));
  const auto who_did = [](const Bridge& bridge, const std::string& type) {
    const auto by = json::parse(bridge.entries(type).front()).at("data").at("by");
    EXPECT_EQ(by.at("uid"), ::geteuid());
    return by.at("via").get<std::string>();
  };
  for (const char* type : {"heal.triggered", "engine.held", "baseline.adopted", "selftest.started"}) {
    EXPECT_EQ(who_did(bridge_, type), "cli") << type;
    EXPECT_EQ(who_did(other, type), "socket") << type;
  }
  EXPECT_THAT(other.entries("engine.held").front(), HasSubstr("new port"));
  daemon.stop();
}

TEST_F(ThroughDaemon, TheDaemonsEnvironmentCountsAndTheDifferenceIsSaid) {
  broken_file(bridge_);
  bridge_.write("refuse", "");
  Daemon daemon(bridge_, {{"AUTOHEAL_RETRY_DELAY", "0"}});
  const Ran ran = bridge_.autoheal({"heal", "File", "--error", "x", "-o", "json"},
                                   {{"AUTOHEAL_MAX_RETRIES", "1"}, {"AUTOHEAL_RETRY_DELAY", "0"}});
  EXPECT_EQ(json::parse(ran.out).at("attempts"), 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("AUTOHEAL_MAX_RETRIES"), HasSubstr("the daemon's counts"),
                             Not(HasSubstr("AUTOHEAL_RETRY_DELAY"))));
  daemon.stop();
}

TEST_F(ThroughDaemon, AClientThatLeavesDoesNotEndTheHeal) {
  Gate gate = gate_of_the_verdict();
  Daemon daemon(bridge_);
  {
    const Background client(bridge_.invocation({"heal", "File", "--error", "x"}));
    expect_it_waits();
  }
  gate.open();
  daemon.expect_count("heal.completed", 1);
  daemon.stop();
}

TEST_F(ThroughDaemon, Case37_AnInterruptEndsWhoWaitsAndNotTheHeal) {
  Gate gate = gate_of_the_verdict();
  Daemon daemon(bridge_);
  Background client(bridge_.invocation({"heal", "File", "--error", "x"}));
  expect_it_waits();
  client.send(SIGINT);
  EXPECT_EQ(client.wait(), 128 + SIGINT) << "nothing has to be put down: the first one is enough";
  EXPECT_THAT(bridge_.autoheal({"heals"}).out, HasSubstr("Certifying"));
  gate.open();
  daemon.expect_count("heal.completed", 1);
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("certified"));
  EXPECT_EQ(daemon.count("heal.triggered"), 1U);
  daemon.stop();
}

TEST_F(ThroughDaemon, Case114_AnOpenHealIsCancelledAndWhoWaitsForItIsTold) {
  Gate gate = gate_of_the_verdict();
  Daemon daemon(bridge_);
  Background client(bridge_.invocation({"heal", "File", "--error", "x"}));
  expect_it_waits();
  Background cancel(bridge_.invocation({"cancel", "last"}));
  daemon.expect_count("heal.cancel_requested", 1);
  gate.open();
  EXPECT_EQ(cancel.wait(), 0);
  EXPECT_EQ(client.wait(), 1);
  EXPECT_THAT(daemon.entries("heal.exhausted").at(0).data, HasSubstr("cancelled"));
  EXPECT_EQ(bridge_.read("etc/File"), "damaged\n");
  daemon.stop();
}

TEST_F(ThroughDaemon, WhoWaitsWhileItEndsIsToldSo) {
  Gate gate = gate_of_the_verdict();
  Daemon daemon(bridge_);
  Invocation asked = bridge_.invocation({"heal", "File", "--error", "x"});
  asked.arguments = {"/bin/sh", "-c", "exec \"$0\" heal File --error x 2> run/client", AUTOHEAL_PROGRAM};
  Background client(asked);
  expect_it_waits();
  daemon.tell_to_stop();
  EXPECT_EQ(client.wait(), 6);
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 6) << "told at once, though the daemon still waits for its test";
  EXPECT_THAT(bridge_.read("run/client"), HasSubstr("the daemon ended before it answered"));
  gate.open();
  daemon.wait_for_the_end();
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
}

// ---- people without a role

class ForeignUser : public ThroughDaemon {
 protected:
  static constexpr unsigned nobody = 65534;
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
    ::chmod(bridge_.path(".").c_str(), 0755);
    broken_file(bridge_, "principals: [ { name: autoheal, role: admiral, os_user: root } ]\n");
  }
  Ran as_nobody(std::vector<std::string> command, std::map<std::string, std::string> environment = {}) const {
    Invocation one = bridge_.invocation(std::move(command), std::move(environment));
    one.arguments.insert(one.arguments.begin(), {"/usr/bin/setpriv", "--reuid", std::to_string(nobody), "--regid",
                                                 std::to_string(nobody), "--clear-groups"});
    return run(one);
  }
};

TEST_F(ForeignUser, Cases01And02_WithoutARoleIsRefusedAndNamedByTheKernel) {
  Daemon daemon(bridge_);
  EXPECT_EQ(as_nobody({"heal", "File", "--error", "x"}).exit_code, 4) << "the ledger's folder is closed to them";
  EXPECT_EQ(daemon.count("access.denied"), 0U);
  ::chmod(bridge_.path("var").c_str(), 0755);
  const std::string before = bridge_.picture(true);
  // The environment does not decide who they are.
  const std::map<std::string, std::string> lies = {{"USER", "root"}, {"LOGNAME", "root"}, {"SUDO_USER", "root"}};
  std::size_t refusals = 0;
  for (const auto& command : std::vector<std::vector<std::string>>{{"heal", "File", "--error", "x"},
                                                                   {"selftest"},
                                                                   {"hold", "File"},
                                                                   {"unhold", "--all"},
                                                                   {"reset", "--all"},
                                                                   {"cancel", "last"},
                                                                   {"rollback", "last"},
                                                                   {"baseline", "adopt", "File"},
                                                                   {"heals"}}) {
    const Ran refused = as_nobody(command, lies);
    EXPECT_EQ(refused.exit_code, 4) << command.front() << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("may not"));
    EXPECT_THAT(refused.out, IsEmpty());
    daemon.expect_count("access.denied", ++refusals);
    EXPECT_EQ(json::parse(daemon.entries("access.denied").back().data).at("uid"), nobody);
  }
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_EQ(daemon.count("heal.triggered"), 0U);
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
