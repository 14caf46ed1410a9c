// An incident built again in a folder of its own and healed there for real: same plans, digests and verdicts, and
// nothing outside of the folder is touched.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Reproduced : public ::testing::Test {
 protected:
  void describe(const std::string& certify = "") {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(
        "  - name: EnvRecon\n"
        "    self_test:\n"
        "      - { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } }\n"
        "    repair:\n"
        "      files: [ { path: etc/app.conf, baseline: baseline/app.conf, mode: \"0640\" } ]\n"
        "      settings: [ { file: etc/app.json, set: { /port: 8080 } } ]\n"
        "      links: [ { path: etc/current, target: app.conf } ]\n" +
        certify);
    bridge_.write("etc/app.conf", "port = oops\n", 0666);
    bridge_.write("etc/app.json", "{\"port\": 1, \"host\": \"here\"}\n", 0600);
    fs::create_symlink("nowhere", bridge_.path("etc/current"));
  }
  void heal(int exit_code = 0, const std::string& engine = "EnvRecon") {
    const Ran healed = bridge_.autoheal({"heal", engine, "--error", "it was told"});
    ASSERT_EQ(healed.exit_code, exit_code) << healed.err;
  }
  Ran reproduce(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"replay", "last", "--reproduce", elsewhere_.path("again")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return bridge_.autoheal(arguments);
  }
  json reproduced(int exit_code = 0) {
    const Ran ran = reproduce({"-o", "json"});
    EXPECT_EQ(ran.exit_code, exit_code) << ran.out << ran.err;
    return json::parse(ran.out);
  }
  static json row(const json& told, const std::string& what) {
    for (const json& one : told.at("compared")) {
      if (one.at("what") == what) return one;
    }
    ADD_FAILURE() << "nothing is said of " << what << " in " << told.dump(1);
    return {{"same", false}, {"recorded", ""}, {"here", ""}};
  }

  Bridge bridge_, elsewhere_;
};

TEST_F(Reproduced, AFileHealHasTheSameDigestsAndVerdictsAndNothingElseIsTouched) {
  describe();
  heal();
  const std::string before = bridge_.picture(true), record = bridge_.autoheal({"ledger", "export"}).out;
  const json told = reproduced();
  EXPECT_EQ(told.at("verdict"), "same");
  for (const std::string what :
       {"outcome", "attempt 1: plan", "attempt 1: verdict", "attempt 1: digest of etc/app.conf",
        "attempt 1: left etc/current", "attempt 1: probe config"})
    EXPECT_EQ(row(told, what).at("same"), true) << what;
  EXPECT_EQ(row(told, "outcome").at("here"), "Complete after 1 attempt");
  EXPECT_EQ(elsewhere_.read("again/root/etc/app.conf"), "port = 8080\n");
  EXPECT_EQ(elsewhere_.read("again/root/etc/app.json"), bridge_.read("etc/app.json"));
  EXPECT_EQ(fs::read_symlink(elsewhere_.path("again/root/etc/current")), "app.conf");
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_EQ(bridge_.autoheal({"ledger", "export"}).out, record);
}

TEST_F(Reproduced, AStrangerReproducesItFromTheFileAlone) {
  describe();
  heal();
  ASSERT_EQ(bridge_.autoheal({"replay", "last", "--export", elsewhere_.path("heal.tar")}).exit_code, 0);
  fs::remove_all(bridge_.path("etc"));
  fs::remove_all(bridge_.path("baseline"));
  const Ran ran =
      run({{AUTOHEAL_PROGRAM, "replay", "--import", "heal.tar", "--reproduce", "again"}, {}, {}, elsewhere_.path("")});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("✓ same"), HasSubstr("✓ outcome")));
  EXPECT_EQ(elsewhere_.read("again/root/etc/app.conf"), "port = 8080\n");
}

TEST_F(Reproduced, AnEnvHealIsTheSameWithItsSecretsInAFolderThatIsClosedToOthers) {
  bridge_.write("token", "t0psecret-value\n", 0600);
  bridge_.write(".env", "# ours\nPORT=1\nAPI_TOKEN=\"wrong-one\"\n", 0600);
  bridge_.configure(
      "  - name: EnvScribe\n"
      "    self_test: [ { name: env, env: { file: .env, equals: { PORT: \"8080\" } } } ]\n"
      "    repair: { env: [ { file: .env, set: { PORT: \"8080\", API_TOKEN: { from: token } } } ] }\n");
  heal(0, "EnvScribe");
  const json told = reproduced();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
  EXPECT_EQ(elsewhere_.read("again/root/.env"), bridge_.read(".env"));
  EXPECT_EQ(fs::status(elsewhere_.path("again")).permissions(), fs::perms::owner_all);
  EXPECT_THAT(told.dump(), Not(HasSubstr("t0psecret-value")));
}

TEST_F(Reproduced, AHealThatWasRolledBackIsRolledBackAgainByWhatTheRecordSaysOfItsTest) {
  bridge_.script("tests/verdict", "exit 3\n");
  describe("    certify: { tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  heal(1);
  const json told = reproduced();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
  EXPECT_EQ(row(told, "outcome").at("here"), "Exhausted after 2 attempts: attempts_exhausted");
  EXPECT_THAT(row(told, "attempt 2: verdict").at("here").get<std::string>(), HasSubstr("verdict: exit status 3"));
  EXPECT_THAT(told.at("from_record"), Contains("program " + bridge_.path("tests/verdict").string()));
  EXPECT_EQ(elsewhere_.read("again/root/etc/app.conf"), "port = oops\n");
  EXPECT_EQ(fs::read_symlink(elsewhere_.path("again/root/etc/current")), "nowhere");
}

TEST_F(Reproduced, AMarkedProgramRunsAgainButReachesNothingOutside) {
  const std::string outside = bridge_.path("touched");
  bridge_.script("tests/verdict", "grep -q 8080 etc/app.conf || exit 1\n( : >" + outside + " ) 2>/dev/null\nexit 0\n");
  describe("    certify: { tests: [ { name: verdict, command: [tests/verdict], reproducible: true } ] }\n");
  heal();
  ASSERT_TRUE(bridge_.exists("touched"));
  fs::remove(outside);
  const json told = reproduced();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
  EXPECT_THAT(told.at("for_real"), Contains(bridge_.path("tests/verdict").string()));
  EXPECT_TRUE(told.at("files_closed_off") == false || !bridge_.exists("touched"));
}

TEST_F(Reproduced, AStrangersProgramIsNotRunUnlessSomebodyVouchesForIt) {
  bridge_.script("tests/verdict", "exit 0\n");
  describe("    certify: { tests: [ { name: verdict, command: [tests/verdict], reproducible: true } ] }\n");
  heal();
  ASSERT_EQ(bridge_.autoheal({"replay", "last", "--export", elsewhere_.path("heal.tar")}).exit_code, 0);
  const Ran ran = run({{AUTOHEAL_PROGRAM, "replay", "--import", "heal.tar", "--reproduce", "again", "-o", "json"},
                       {},
                       {},
                       elsewhere_.path("")});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("nobody vouches"));
  EXPECT_THAT(json::parse(ran.out).at("for_real"), Not(Contains(bridge_.path("tests/verdict").string())));
}

TEST_F(Reproduced, WhatTheVaultNoLongerHoldsIsNamedAndTheHealIsNotTheSame) {
  describe();
  heal();
  bridge_.replays = false;
  const std::string plan = bridge_.entries("heal.plan_recorded").front();
  const auto before = json::parse(plan).at("data").at("plan").at("changes").at(0).at("before");
  ASSERT_EQ(before.at("path"), "etc/app.conf");
  std::string file = before.at("digest");
  file.replace(file.find(':'), 1, "-");
  ASSERT_TRUE(fs::remove(bridge_.path("var/ledger.db.vault") / file.substr(7, 2) / file));
  const json told = reproduced(1);
  EXPECT_EQ(told.at("verdict"), "set_aside");
  EXPECT_THAT(told.at("not_rebuilt").dump(), AllOf(HasSubstr("etc/app.conf"), HasSubstr("its content is not kept")));
}

TEST_F(Reproduced, ADatabaseIsRestoredFromItsSnapshotOnceMore) {
  const auto sql = [this](const std::string& file, const std::string& words) {
    const Ran ran = run({{"/usr/bin/sqlite3", bridge_.path(file), words}, {}, {}, {}});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  };
  fs::create_directories(bridge_.path("data"));
  sql("good.db", "CREATE TABLE orders(id); INSERT INTO orders VALUES (1), (2);");
  sql("data/app.db", "CREATE TABLE orders(id);");
  bridge_.script("probe", "[ \"$(sqlite3 data/app.db 'SELECT count(*) FROM orders' 2>&1)\" = 2 ]\n");
  bridge_.configure(
      "  - name: Genesis\n"
      "    self_test: [ { name: orders, command: [./probe] } ]\n"
      "    repair: { state: { path: data/app.db, snapshot: good.db } }\n");
  heal(0, "Genesis");
  const json told = reproduced();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
  EXPECT_THAT(told.at("from_record"), Contains("probe orders"));
  const Ran counted =
      run({{"/usr/bin/sqlite3", elsewhere_.path("again/root/data/app.db"), "SELECT count(*) FROM orders"}, {}, {}, {}});
  EXPECT_EQ(counted.out, "2\n") << counted.err;
}

TEST_F(Reproduced, AFolderThatHoldsSomethingIsLeftAsItIs) {
  describe();
  heal();
  elsewhere_.write("again/mine", "precious\n");
  const Ran refused = reproduce();
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("is not an empty folder"));
  EXPECT_EQ(elsewhere_.read("again/mine"), "precious\n");
}

}  // namespace
}  // namespace autoheal::testing
