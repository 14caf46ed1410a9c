// Hostile cases 75 to 81 (tests/README.md) through the program: nothing but the runner's own verdict certifies.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class HostileCertification : public ::testing::Test {
 protected:
  void file_engine(const std::string& certify) const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n");
    bridge_.configure(
        "  - name: Sample\n"
        "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
        "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
        "    certify: { " +
        certify + " }\n");
  }
  void verdict_is(const std::string& body) const {
    bridge_.script("tests/verdict", body);
    file_engine("tests: [ { name: verdict, command: [tests/verdict], timeout: 300ms } ]");
  }
  Ran heal() const { return bridge_.autoheal({"heal", "Sample", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}); }
  void expect_refused(const std::string& what) const {
    const auto certified = bridge_.entries("heal.certified").size();
    EXPECT_EQ(heal().exit_code, 1) << what;
    EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n") << what;
    EXPECT_EQ(bridge_.entries("heal.certified").size(), certified) << what;
  }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  Bridge bridge_;
};

TEST_F(HostileCertification, Case75_ModulesThatDifferFromTheirRecordAreNotCertified) {
  bridge_.write("mods/a", "a\n");
  bridge_.write("mods/b", "b\n");
  file_engine("hashes: [\"mods/*\"]");
  ASSERT_EQ(bridge_.autoheal({"baseline", "adopt", "Sample"}).exit_code, 0);
  bridge_.write("mods/c", "c\n");
  expect_refused("a module that the record does not cover");
  EXPECT_THAT(shown(), HasSubstr("mods/c has no adopted digest"));
  std::filesystem::remove(bridge_.path("mods/c"));
  bridge_.write("mods/a", "changed\n");
  expect_refused("a stale digest");
  bridge_.write("mods/a", "a\n");
  std::filesystem::remove(bridge_.path("mods/b"));
  expect_refused("a module that is missing");
  std::filesystem::remove_all(bridge_.path("mods"));
  expect_refused("no module at all");
  bridge_.write("mods/a", "a\n");
  bridge_.write("mods/b", "b\n");
  EXPECT_EQ(heal().exit_code, 0) << shown();
}

TEST_F(HostileCertification, Case75_AReleaseWithoutAWholeManifestIsNotTaken) {
  for (const std::string manifest : {"", "nothing\n", "missing"}) {
    bridge_.script("releases/1/app", "exit 0\n");
    bridge_.script("releases/2/app", "exit 1\n");
    shell(bridge_, "cd releases/1 && sha256sum app > MANIFEST.sha256");
    if (manifest == "missing") {
      std::filesystem::remove(bridge_.path("releases/1/MANIFEST.sha256"));
    } else {
      bridge_.write("releases/1/MANIFEST.sha256", manifest);
    }
    std::filesystem::remove(bridge_.path("current"));
    std::filesystem::create_symlink("releases/2", bridge_.path("current"));
    bridge_.configure(
        "  - name: Sample\n    self_test: [ { name: app, command: [sh, -c, current/app] } ]\n"
        "    repair: { release: { link: current, releases: releases } }\n");
    EXPECT_EQ(heal().exit_code, 1) << manifest;
    EXPECT_EQ(std::filesystem::read_symlink(bridge_.path("current")), "releases/2");
  }
}

TEST_F(HostileCertification, Case76_AModuleThatATestChangesIsSeen) {
  bridge_.write("mods/a", "a\n");
  bridge_.script("tests/verdict", "echo changed > mods/a\n");
  file_engine("hashes: [\"mods/*\"], tests: [ { name: verdict, command: [tests/verdict] } ]");
  ASSERT_EQ(bridge_.autoheal({"baseline", "adopt", "Sample"}).exit_code, 0);
  expect_refused("changed while it was certified");
  EXPECT_THAT(shown(), HasSubstr("mods/a differs from its adopted digest"));
}

TEST_F(HostileCertification, Case77_NoTestThatDidNotPassCertifies) {
  for (const std::string body :
       {"exit 1\n", "echo pass; echo PASSED; exit 1\n", "exit 77  # skipped\n", "kill -SEGV $$\n", "sleep 100\n"}) {
    verdict_is(body);
    expect_refused(body);
  }
  std::filesystem::remove(bridge_.path("tests/verdict"));
  expect_refused("a test that is missing");
}

TEST_F(HostileCertification, Case78_OutputThatLooksLikeACertificateIsNotBelieved) {
  const std::string forged =
      "cat <<'END'\n"
      R"({"type":"heal.certified","data":{"attempt":1,"verdict":"forged"}})"
      "\n{\"engine\":\"Sample\",\"action\":\"repair_patch_applied\",\"result\":\"✅ certified forged\"}\nEND\n";
  verdict_is(forged + "exit 1\n");
  expect_refused("forged");
  verdict_is(forged);
  EXPECT_EQ(heal().exit_code, 0);
  const auto certified = bridge_.entries("heal.certified");
  ASSERT_THAT(certified, SizeIs(1));
  EXPECT_THAT(certified.front(), Not(HasSubstr("forged"))) << "an entry holds the output's digest alone";
}

// Two heals of one engine under two configurations: each has a certificate of its own.
TEST_F(HostileCertification, Case79_TheCertificateOfAnotherHealDoesNotVerify) {
  bridge_.replays = false;
  verdict_is("true\n");
  EXPECT_EQ(heal().exit_code, 0);
  bridge_.write("etc/app.conf", "damaged otherwise\n");
  EXPECT_EQ(heal().exit_code, 0);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
  shell(
      bridge_,
      "sqlite3 var/ledger.db \"UPDATE entries SET data = (SELECT data FROM entries WHERE type = 'heal.certified' ORDER "
      "BY seq LIMIT 1) WHERE type = 'heal.certified'\"");
  const Ran verified = bridge_.autoheal({"ledger", "verify"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_THAT(verified.out, HasSubstr("certificate"));
}

TEST_F(HostileCertification, Case80_ACommandOfTheRepairCertifiesNothing) {
  bridge_.replays = false;
  // It tries the program itself and then the ledger's file.
  bridge_.script(
      "bin/repair",
      std::string(AUTOHEAL_PROGRAM) +
          " -c autoheal.yaml baseline adopt Sample > said 2>&1; echo $? > code\n"
          "sqlite3 var/ledger.db \"INSERT INTO entries SELECT max(seq) + 1, stream, version + 1, "
          "'heal.certified', 1, time, actor, engine, '{\\\"attempt\\\":1}' FROM entries ORDER BY seq DESC LIMIT "
          "1\" 2> inserted\n");
  bridge_.configure(
      "  - name: Sample\n    self_test: [ { name: healed, command: [test, -e, healed] } ]\n"
      "    repair: { commands: [ { run: [bin/repair] } ] }\n");
  const Ran healed = heal();
  EXPECT_NE(healed.exit_code, 0) << healed.out;
  EXPECT_EQ(bridge_.read("code"), "6\n") << bridge_.read("said");
  EXPECT_EQ(bridge_.read("inserted"), "");
  EXPECT_THAT(bridge_.entries("heal.completed"), SizeIs(0));
  EXPECT_THAT(healed.out, Not(HasSubstr("✅ certified")));
  const Ran verified = bridge_.autoheal({"ledger", "verify"});
  EXPECT_EQ(verified.exit_code, 1) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("has no root: the tree ends before it"));
}

TEST_F(HostileCertification, Case81_ASecurityFindingRollsTheRepairBack) {
  bridge_.write("etc/.keep", "");
  bridge_.script("bin/repair", "echo 'BEGIN PRIVATE KEY' > etc/key; touch healed\n");
  bridge_.script("bin/undo", "rm -f etc/key healed\n");
  bridge_.configure(
      "  - name: Sample\n    self_test: [ { name: healed, command: [test, -e, healed] } ]\n"
      "    repair: { commands: [ { run: [bin/repair], undo: [bin/undo] } ] }\n"
      "    certify: { security: { paths: [etc], forbid: [PRIVATE KEY] } }\n");
  const std::string before = bridge_.picture();
  EXPECT_EQ(bridge_.autoheal({"heal", "Sample", "--error", "x"}).exit_code, 1);
  EXPECT_EQ(bridge_.picture(), before);
  EXPECT_THAT(bridge_.entries("heal.certification_refused"), SizeIs(2));
  EXPECT_THAT(bridge_.entries("heal.retry_scheduled"), SizeIs(1));
  EXPECT_THAT(bridge_.entries("heal.exhausted"), SizeIs(1));
  EXPECT_THAT(bridge_.entries("heal.completed"), SizeIs(0));
  EXPECT_THAT(shown(), AllOf(HasSubstr("etc/key"), HasSubstr("forbidden")));
}

}  // namespace
}  // namespace autoheal::testing
