// Configurations that are hostile (hostile cases 38, 43 and 45), through the program: what is refused leaves nothing
// behind, and no heal has more attempts than it was given, however often its process dies.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostileConfiguration : public ::testing::Test {
 protected:
  // An engine whose file can be restored, which does not help: `never` decides.
  void that_never_passes(unsigned max_retries, const std::string& never) const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n");
    bridge_.script("tests/never", never);
    bridge_.write("autoheal.yaml",
                  "version: 1\nhealing: { max_retries: " + std::to_string(max_retries) +
                      ", retry_delay: 0 }\n"
                      "engines:\n"
                      "  - name: EnvRecon\n"
                      "    self_test: [ { name: never, command: [tests/never] } ]\n"
                      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n");
  }
  [[nodiscard]] long attempts() const { return std::ranges::count(bridge_.types_of_heal(), "repair_started"); }
  Bridge bridge_;
};

TEST_F(HostileConfiguration, Case38_WhatIsRefusedIsExit78AndLeavesNothing) {
  const std::string good = "version: 1\nengines:\n  - { name: E, self_test: [ { name: a, command: [ls] } ] }\n";
  bridge_.write("autoheal.yaml", good);
  ASSERT_EQ(bridge_.autoheal({"config", "check"}).exit_code, 0);
  std::string dos = good;
  dos.insert(dos.find('\n'), "\r");
  for (const std::string& broken : {std::string(), good.substr(0, 70), std::string(512, '\0'), dos,
                                    std::string("\x7f") + "ELF", std::string("\xff\xfe")}) {
    bridge_.write("autoheal.yaml", broken);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"config", "check"}, {"selftest"}, {"heal", "E"}, {"resume"}}) {
      const Ran refused = bridge_.autoheal(command);
      EXPECT_EQ(refused.exit_code, 78) << broken;
      EXPECT_THAT(refused.err, ::testing::ContainsRegex("autoheal.yaml:[1-9][0-9]*:[1-9][0-9]*: ")) << broken;
      EXPECT_THAT(refused.out, IsEmpty());
    }
  }
  EXPECT_FALSE(bridge_.exists("var"));
  EXPECT_FALSE(bridge_.exists("logs"));
}

TEST_F(HostileConfiguration, Case43_NeverMoreAttemptsThanTheLimitOverAnyNumberOfRestarts) {
  // In every attempt the process is killed while it certifies; the second time, after a resume, the test fails.
  that_never_passes(3, "if rm died 2>/dev/null; then exit 1; fi\n: > died\nkill -9 \"$PPID\"\nexit 1\n");
  int code = bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}).exit_code;
  unsigned deaths = 0;
  // A limit of the environment is one for new heals: this one keeps its own.
  for (; code == 128 + SIGKILL && deaths < 20; ++deaths)
    code = bridge_.autoheal({"resume"}, {{"AUTOHEAL_MAX_RETRIES", "100"}}).exit_code;
  EXPECT_EQ(code, 1);
  EXPECT_EQ(deaths, 3U);
  EXPECT_EQ(attempts(), 3);
  ASSERT_EQ(bridge_.entries("heal.exhausted").size(), 1U);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
  EXPECT_EQ(attempts(), 3);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(HostileConfiguration, Case45_ASelfTestThatAlwaysFailsHasExactlyItsAttempts) {
  for (const unsigned limit : {1U, 3U, 5U}) {
    SCOPED_TRACE(limit);
    that_never_passes(limit, "exit 1\n");
    const std::string before = bridge_.picture();
    const Ran exhausted = bridge_.autoheal({"heal", "EnvRecon", "-o", "json"});
    EXPECT_EQ(exhausted.exit_code, 1) << exhausted.err;
    EXPECT_EQ(json::parse(exhausted.out).at("action"), "auto_heal_exhausted");
    EXPECT_EQ(json::parse(exhausted.out).at("attempts"), limit);
    EXPECT_EQ(attempts(), limit);
    EXPECT_EQ(bridge_.types_of_heal().back(), "exhausted");
    EXPECT_EQ(bridge_.picture(), before);
    // Then it is quiet: nothing is open, and nothing begins by itself.
    const auto entries = bridge_.types_of_heal();
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
    EXPECT_EQ(bridge_.types_of_heal(), entries);
  }
}

}  // namespace
}  // namespace autoheal::testing
