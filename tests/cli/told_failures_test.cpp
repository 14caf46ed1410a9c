// Reports say what is known: why a program failed in its own words, until when a failure is left alone, what is
// repaired.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* words = "unit is masked by the operator";

class ToldFailures : public ::testing::Test {
 protected:
  ToldFailures() {
    bridge_.script("says-no", "echo starting\necho 'unit is masked by the operator' >&2\nexit 1\n");
    bridge_.script("says-yes", "exit 0\n");
    bridge_.write("base", "right\n");
  }
  void configure(const std::string& rest) const {
    bridge_.configure("  - name: app\n    healing: { max_retries: 1 }\n" + rest);
  }
  json last_of(const std::string& type) const {
    const auto entries = bridge_.entries(type);
    return entries.empty() ? json() : json::parse(entries.back()).at("data");
  }
  Bridge bridge_;
};

TEST_F(ToldFailures, OfARestartStandEverywhere) {
  configure(
      "    self_test: [ { name: up, file: { path: up } } ]\n"
      "    repair: { service: { restart: [./says-no] } }\n    certify: { within: 0s }\n");
  const Ran healed = bridge_.autoheal({"heal", "app"});
  EXPECT_EQ(healed.exit_code, 1);
  EXPECT_THAT(healed.out + healed.err, HasSubstr(words)) << "on the line of the failed heal itself";
  const Ran tested = bridge_.autoheal({"selftest"});
  EXPECT_THAT(tested.out + tested.err, HasSubstr(words));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr(words));
  EXPECT_THAT(bridge_.autoheal({"show", "last", "-o", "json"}).out, HasSubstr(words));
  EXPECT_EQ(bridge_.autoheal({"show", "last", "--report", "r.html"}).exit_code, 0);
  EXPECT_THAT(bridge_.read("r.html"), HasSubstr(words));
  EXPECT_EQ(last_of("heal.exhausted").at("last_lines"), json({words})) << "stderr alone";
}

struct Failing {
  std::string what, engine;
};

TEST_F(ToldFailures, OfEveryKindOfProgramStandInShowAndAtTheEnd) {
  const std::string test = "    self_test: [ { name: up, file: { path: up } } ]\n";
  const Failing all[] = {
      {"command", test + "    repair: { commands: [ { run: [./says-no] } ] }\n"},
      {"service check", test + "    repair: { service: { restart: [./says-yes], check: [./says-no] } }\n"},
      {"capture", test + "    repair: { commands: [ { run: [./says-yes], capture: [./says-no], undo: [./says-yes, "
                         "\"{captured}\"] } ] }\n"},
      {"build", test + "    strategy: chimera\n    repair: { build: { run: [./says-no], outputs: [out] } }\n"},
      {"validate",
       test + "    repair: { files: [ { path: etc, baseline: base, validate: [./says-no, \"{file}\"] } ] }\n"},
      {"check", test +
                    "    strategy: generic\n    repair: { checks: [ { name: c, command: [./says-no] } ], commands: [ "
                    "{ run: [./says-yes] } ] }\n"},
      {"certification test",
       "    self_test: [ { name: up, file: { path: base } } ]\n    certify: { tests: [ { name: t, command: [./says-no] "
       "} ] "
       "}\n"},
      {"probe",
       "    self_test: [ { name: p, command: [./says-no] } ]\n    repair: { commands: [ { run: [./says-yes] } ] }\n"},
  };
  for (const auto& [what, engine] : all) {
    configure(engine);
    const Ran healed = bridge_.autoheal({"heal", "app", "--error", "x"});
    ASSERT_EQ(healed.exit_code, 1) << what << healed.out << healed.err;
    EXPECT_THAT(healed.out + healed.err, HasSubstr(words)) << what;
    EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr(words)) << what;
    EXPECT_THAT(last_of("heal.exhausted").value("last_lines", json::array()), Contains(words)) << what;
  }
}

TEST_F(ToldFailures, OfAnUndoStandsInShow) {
  configure(
      "    self_test: [ { name: up, file: { path: up } } ]\n"
      "    repair: { commands: [ { run: [./says-yes], undo: [./says-no] } ] }\n    certify: { within: 0s }\n");
  const Ran healed = bridge_.autoheal({"heal", "app", "--error", "x"});
  EXPECT_THAT(healed.out + healed.err, AllOf(HasSubstr("rollback_incomplete"), HasSubstr(words)));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr(words));
}

TEST_F(ToldFailures, OfASelfTestStandInItsLine) {
  configure("    self_test: [ { name: p, command: [./says-no] } ]\n");
  const Ran tested = bridge_.autoheal({"selftest", "--no-heal"});
  EXPECT_THAT(tested.out + tested.err, HasSubstr(words));
  EXPECT_THAT(bridge_.autoheal({"explain", "app"}).out, HasSubstr(words));
}

TEST_F(ToldFailures, HoldNoSecretAndNothingForTheTerminal) {
  bridge_.write("secret", "swordfish\n", 0600);
  bridge_.script("says-no", "printf '\\033[31mtoken swordfish is wrong\\033[0m\\n' >&2\nexit 1\n");
  configure(
      "    self_test: [ { name: up, file: { path: up } } ]\n    repair: {\n"
      "      env: [ { file: .env, set: { API_TOKEN: { from: secret } } } ],\n"
      "      service: { restart: [./says-no] } }\n    certify: { within: 0s }\n");
  bridge_.write(".env", "API_TOKEN=other\n", 0600);
  const Ran healed = bridge_.autoheal({"heal", "app"});
  EXPECT_THAT(healed.out + healed.err, AllOf(HasSubstr("is wrong"), Not(HasSubstr("swordfish"))));
  EXPECT_THAT(bridge_.autoheal({"show", "last", "-o", "json"}).out,
              AllOf(HasSubstr("is wrong"), Not(HasSubstr("swordfish")), Not(HasSubstr("[31m"))));
}

TEST_F(ToldFailures, EnginesTellWhatTheyRepair) {
  bridge_.configure(
      "  - name: told\n    self_test: [ { name: f, file: { path: base } } ]\n"
      "  - name: many\n    self_test: [ { name: f, file: { path: base } } ]\n    repair: {\n"
      "      files: [ { path: etc, baseline: base } ], env: [ { file: .env, set: { A: b } } ],\n"
      "      service: { restart: [./says-yes] } }\n");
  const std::string engines = bridge_.autoheal({"engines"}).out;
  EXPECT_THAT(engines, AllOf(HasSubstr("nothing: it is only told"), HasSubstr("files, env, service")));
}

TEST_F(ToldFailures, AHoldTellsUntilWhenAndHowLong) {
  configure(
      "    self_test: [ { name: up, file: { path: up } } ]\n    repair: { commands: [ { run: [./says-yes] } ] }\n");
  ASSERT_EQ(bridge_.autoheal({"hold", "app", "--for", "4m", "--reason", "r"}).exit_code, 0);
  EXPECT_THAT(bridge_.autoheal({"engines"}).out, AllOf(HasSubstr("held until 20"), HasSubstr("(in 4 min)")));
  const Ran healed = bridge_.autoheal({"heal", "app"});
  EXPECT_EQ(healed.exit_code, 3);
  EXPECT_THAT(healed.out + healed.err, AllOf(HasSubstr("held until 20"), HasSubstr("(in 4 min)")));
}

}  // namespace
}  // namespace autoheal::testing
