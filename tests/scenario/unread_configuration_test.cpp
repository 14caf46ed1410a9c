// The configuration is being edited, and is none at this moment: brakes can be pulled and the past be read all the
// same.
#include <gmock/gmock.h>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char right[] = "port = 1\n";

// How a file can be no configuration, by what is done to it.
struct Broken {
  const char* name;
  void (*by)(const Bridge&);
  const char* why;
};
void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

void write_more(const Bridge& bridge, const std::string& more) {
  bridge.write("autoheal.yaml", bridge.read("autoheal.yaml") + more);
}

class UnreadConfiguration : public ::testing::TestWithParam<Broken> {
 protected:
  void SetUp() override {
    bridge_.write("baseline/app.conf", right);
    bridge_.write("etc/A", right);
  }
  void configure(const std::string& head = "") const { bridge_.configure(file_engine("A"), head); }
  void break_it() const { GetParam().by(bridge_); }
  Ran ask(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const {
    return bridge_.autoheal(std::move(arguments), std::move(environment));
  }
  Bridge bridge_;
};

INSTANTIATE_TEST_SUITE_P(
    Ways, UnreadConfiguration,
    ::testing::Values(Broken{"NoYaml", [](const Bridge& bridge) { write_more(bridge, "oops: [\n"); }, "autoheal.yaml:"},
                      Broken{"UnknownKey", [](const Bridge& bridge) { write_more(bridge, "oops: true\n"); }, "oops"},
                      Broken{"Missing", [](const Bridge& bridge) { fs::remove(bridge.path("autoheal.yaml")); },
                             "there is no configuration"},
                      Broken{"Empty", [](const Bridge& bridge) { bridge.write("autoheal.yaml", ""); }, "autoheal.yaml"},
                      Broken{"HalfWritten",
                             [](const Bridge& bridge) {
                               const std::string text = bridge.read("autoheal.yaml");
                               bridge.write("autoheal.yaml", text.substr(0, text.size() / 2));
                             },
                             "autoheal.yaml"},
                      Broken{
                          "WritableByAll",
                          [](const Bridge& bridge) { fs::permissions(bridge.path("autoheal.yaml"), fs::perms(0666)); },
                          "autoheal.yaml"},
                      Broken{"AFolder",
                             [](const Bridge& bridge) {
                               fs::remove(bridge.path("autoheal.yaml"));
                               fs::create_directory(bridge.path("autoheal.yaml"));
                             },
                             "autoheal.yaml"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(UnreadConfiguration, TakesNobodysBrakeAwayWhileTheDaemonRuns) {
  configure();
  Daemon daemon(bridge_);
  daemon.expect_passes("A");
  break_it();
  const Ran held = ask({"hold", "A", "--for", "1h"});
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_THAT(held.err, AllOf(HasSubstr("warning: the configuration cannot be used"), HasSubstr(GetParam().why),
                              HasSubstr("held until")));
  EXPECT_EQ(daemon.count("engine.held", "A"), 1U);
  EXPECT_EQ(ask({"unhold", "A"}).exit_code, 0);
  EXPECT_EQ(ask({"reset", "A"}).exit_code, 0);
  EXPECT_EQ(ask({"hold", "B"}).exit_code, 5) << "the daemon knows its engines";
  const Ran tested = ask({"selftest"});
  EXPECT_EQ(tested.exit_code, 0) << tested.out << tested.err << daemon.said();
  const Ran engines = ask({"engines"});
  EXPECT_EQ(engines.exit_code, 0) << engines.err;
  EXPECT_THAT(engines.out, AllOf(HasSubstr("A"), HasSubstr("passed")));
  daemon.stop();
}

TEST_P(UnreadConfiguration, LeavesThePastReadable) {
  configure();
  {
    Daemon daemon(bridge_);
    bridge_.write("etc/A", "wrong\n");
    daemon.expect_count("heal.completed", 1);
    daemon.stop();
  }
  ASSERT_EQ(ask({"baseline", "adopt", "A"}).exit_code, 0);
  break_it();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"heals"},
                                             {"show", "last"},
                                             {"audit"},
                                             {"audit", "coverage"},
                                             {"audit", "summary"},
                                             {"replay", "last"},
                                             {"diff", "last", "last"},
                                             {"baseline", "show", "A"},
                                             {"baseline", "diff", "A"},
                                             {"engines"},
                                             {"explain", "A"},
                                             {"ledger", "export"},
                                             {"ledger", "prove", "--seq", "1"},
                                             {"ledger", "verify"},
                                             {"ledger", "checkpoint"},
                                             {"ledger", "key"},
                                             {"ledger", "stats"}}) {
    const Ran ran = ask(command);
    EXPECT_EQ(ran.exit_code, 0) << command.front() << " " << command.back() << "\n" << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("warning: the configuration cannot be used"));
  }
  const Ran doctor = ask({"doctor"});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("the configuration cannot be used"));
}

// Nobody's role is known: then nobody can change anything.
TEST_P(UnreadConfiguration, ChangesNothingWithoutADaemon) {
  configure();
  ASSERT_EQ(ask({"selftest"}).exit_code, 0);
  const std::string before = ask({"ledger", "export"}).out;
  bridge_.write("new.yaml", bridge_.read("autoheal.yaml"));
  break_it();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"hold", "A"},
                                             {"unhold", "--all"},
                                             {"reset", "A"},
                                             {"heal", "A"},
                                             {"heal", "A", "--dry-run"},
                                             {"selftest"},
                                             {"resume"},
                                             {"cancel", "last"},
                                             {"rollback", "last"},
                                             {"baseline", "adopt", "A"},
                                             {"ledger", "key", "--rotate"},
                                             {"ledger", "checkpoint", "--sign"},
                                             {"ledger", "checkpoint", "--accept-rollback"},
                                             {"ledger", "archive", "--before", "1h"},
                                             {"replay", "--all", "--with", "new.yaml"},
                                             {"serve"},
                                             {"config", "check"},
                                             {"config", "show"}}) {
    const Ran ran = ask(command);
    EXPECT_EQ(ran.exit_code, 78) << command.front() << " " << command.back() << "\n" << ran.out << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(GetParam().why));
  }
  EXPECT_EQ(ask({"ledger", "export"}).out, before);
}

class NamedLedger : public UnreadConfiguration {};

INSTANTIATE_TEST_SUITE_P(
    Ways, NamedLedger,
    ::testing::Values(Broken{"NoYaml", [](const Bridge& bridge) { write_more(bridge, "oops: [\n"); }, "autoheal.yaml:"},
                      Broken{"UnknownKey", [](const Bridge& bridge) { write_more(bridge, "oops: true\n"); }, "oops"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(NamedLedger, IsFoundByItsKeyAlone) {
  for (const std::string ledger : {"state/l.db", "\"state/l.db\"", "'state/l.db'  # here"}) {
    fs::remove_all(bridge_.path("state"));
    configure("ledger: " + ledger + "\n");
    Daemon daemon(bridge_, {}, "state/l.db");
    daemon.expect_passes("A");
    break_it();
    const Ran held = ask({"hold", "A"});
    EXPECT_EQ(held.exit_code, 0) << held.err;
    EXPECT_EQ(ask({"heals"}).exit_code, 0);
    daemon.stop();
  }
}

TEST_P(NamedLedger, IsFoundByTheEnvironment) {
  const std::map<std::string, std::string> environment = {{"AUTOHEAL_LEDGER", bridge_.path("other/l.db")}};
  configure();
  Daemon daemon(bridge_, environment, "other/l.db");
  daemon.expect_passes("A");
  bridge_.write("autoheal.yaml", "oops: [");
  EXPECT_EQ(ask({"hold", "A"}, environment).exit_code, 0);
  EXPECT_EQ(ask({"hold", "A"}).exit_code, 78) << "neither a daemon nor a ledger is found";
  daemon.stop();
}

// The daemon goes by the kernel's word and by the configuration that it has.
TEST(UnreadConfigurationRoles, AreTheDaemonsToJudge) {
  const Bridge bridge;
  bridge.write("baseline/app.conf", right);
  bridge.write("etc/A", right);
  std::string me = run({{"/usr/bin/id", "-un"}, {}, {}, {}}).out;
  me.pop_back();
  const auto configure = [&](const std::string& role) {
    bridge.configure(file_engine("A"),
                     "principals:\n  - { name: autoheal, role: admiral, os_user: nobody }\n  - { name: me, role: " +
                         role + ", os_user: " + me + " }\n");
  };
  configure("admiral");
  Daemon daemon(bridge);
  daemon.expect_passes("A");
  configure("observer");
  daemon.reload();
  daemon.expect_count("config.loaded", 2);
  bridge.write("autoheal.yaml", "oops: [");
  const Ran hold = bridge.autoheal({"hold", "A"});
  EXPECT_EQ(hold.exit_code, 4) << hold.err;
  EXPECT_EQ(daemon.count("access.denied"), 1U);
  EXPECT_EQ(daemon.count("engine.held"), 0U);
  EXPECT_EQ(bridge.autoheal({"heals"}).exit_code, 0);
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
