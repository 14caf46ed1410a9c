// An incident of every repair kind, and so of every strategy, carried to somebody who has neither ledger nor originals
// and is another user where that can be had: healed there again in a folder, with the same digests and verdicts.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/platform_server.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// The machine of the incident, and the folder of a stranger with nothing in it but the file that was sent.
class Carrying {
 public:
  const Bridge& here() const { return here_; }
  const Bridge& there() const { return there_; }

  std::string heal = "last";

  // Packs the heal, closes its machine to everybody and heals it again elsewhere.
  Ran reproduced(bool vouched_for = true, const std::string& output = "json") {
    const Ran packed = here_.autoheal({"replay", heal, "--export", there_.path("heal.tar"), "--with-secrets"});
    EXPECT_EQ(packed.exit_code, 0) << packed.err;
    std::vector<std::string> command = {"replay", "--import", "heal.tar", "--reproduce", "again", "-o", output};
    if (vouched_for) {
      std::string key = here_.autoheal({"ledger", "key"}).out;
      key.pop_back();
      command.insert(command.end(), {"--key", key});
    }
    fs::permissions(here_.path(""), fs::perms::none);
    Ran ran = run(by_a_stranger(std::move(command)));
    fs::permissions(here_.path(""), fs::perms::owner_all);
    return ran;
  }
  json told(int exit_code = 0, bool vouched_for = true) {
    const Ran ran = reproduced(vouched_for);
    EXPECT_EQ(ran.exit_code, exit_code) << ran.out << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
  json same() {
    const json told_of_it = told();
    EXPECT_EQ(told_of_it.at("verdict"), "same") << told_of_it.dump(1);
    return told_of_it;
  }

 private:
  Invocation by_a_stranger(std::vector<std::string> command) {
    Invocation one = there_.invocation(std::move(command), {{"HOME", there_.path("home")}});
    if (::geteuid() != 0) return one;
    constexpr unsigned nobody = 65534;
    for (const char* mine : {"", "heal.tar"}) EXPECT_EQ(::chown(there_.path(mine).c_str(), nobody, nobody), 0);
    const std::string id = std::to_string(nobody);
    one.arguments.insert(one.arguments.begin(), {"/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups"});
    return one;
  }

  Bridge here_, there_;
};

class ReproducedKind : public ::testing::TestWithParam<RepairExample> {
 protected:
  void heal(int exit_code) {
    const Ran healed = at_.here().autoheal({"heal", "Sample", "--error", "it is broken"});
    ASSERT_EQ(healed.exit_code, exit_code) << healed.err << at_.here().autoheal({"show", "last"}).out;
  }
  Carrying at_;
};
INSTANTIATE_TEST_SUITE_P(Program, ReproducedKind, ::testing::ValuesIn(repair_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(ReproducedKind, IsHealedAgainByAStranger) {
  prepare(at_.here(), GetParam());
  heal(0);
  (void)at_.same();
}

TEST_P(ReproducedKind, IsRolledBackAgainByAStranger) {
  prepare(at_.here(), GetParam());
  at_.here().write("refuse", "");
  heal(1);
  (void)at_.same();
}

// The parts of a heal that are real in such a folder, and the report about the rest.
class ReproducedElsewhere : public ::testing::Test {
 protected:
  const Bridge& here() const { return at_.here(); }
  const Bridge& there() const { return at_.there(); }
  void configure(const std::string& engine) const { here().configure("  - name: Sample\n" + engine); }
  void heal(int exit_code = 0) {
    const Ran healed = here().autoheal({"heal", "Sample", "--error", "x"});
    ASSERT_EQ(healed.exit_code, exit_code) << healed.err << here().autoheal({"show", "last"}).out;
  }
  static std::string in_there(const std::string& path) { return "again/root/" + path; }
  void make_release(const std::string& name) const {
    here().script("releases/" + name + "/bin/app", "exit 0\n");
    EXPECT_EQ(here().autoheal({"baseline", "manifest", "releases/" + name}).exit_code, 0);
  }
  // The current release fails; the link names it by its absolute path.
  void prepare_releases(const std::string& probe_more) const {
    for (const char* name : {"1.9", "1.10", "1.11"}) make_release(name);
    fs::create_symlink(here().path("releases/1.11"), here().path("current"));
    configure("    self_test: [ { name: app, command: [sh, -c, \"current/bin/app; test -e current/bin/app\"]" +
              probe_more +
              " } ]\n"
              "    repair: { release: { link: current, releases: releases } }\n"
              "    certify: { hashes: [current] }\n");
  }
  void prepare_build(const std::string& more) const {
    here().write("dist/app.js", "cut off", 0640);
    here().write("dist/old/app.js", "old\n");
    here().script("bin/build",
                  "rm -rf dist/old\nmkdir dist/css\necho whole > dist/css/app.css\necho whole > dist/app.js\n");
    configure(
        "    self_test: [ { name: app, command: [grep, -q, whole, dist/css/app.css] } ]\n"
        "    repair: { build: { run: [bin/build], outputs: [\"dist/**\"]" +
        more + " } }\n");
  }
  void prepare_users(const std::string& state_more) const {
    fs::create_directory(here().path("snapshots"));
    shell(here(), "sqlite3 snapshots/app.db \"create table users(name); insert into users values('ada')\"");
    here().script("tests/has-users", "[ \"$(sqlite3 app.db 'select count(*) from users')\" -gt 0 ]\n");
    configure(
        "    self_test: [ { name: users, command: [tests/has-users] } ]\n"
        "    repair: { state: { path: app.db, snapshot: snapshots/app.db" +
        state_more + " } }\n");
  }
  // A queue of which a snapshot holds job 1; the self-test wants `job`.
  void prepare_queue(const std::string& job, const std::string& more = "") const {
    here().write("snapshot/jobs/1", "job\n", 0600);
    here().write("queue/jobs/2", "other job\n");
    configure("    self_test: [ { name: queue, command: [test, -e, queue/jobs/" + job +
              "] } ]\n"
              "    repair: { state: { path: queue, snapshot: snapshot } }\n" +
              more);
  }
  static std::vector<std::string> rows_of_record(const json& told) {
    std::vector<std::string> rows;
    for (const json& row : told.at("compared")) {
      if (row.at("from_record") == true) rows.push_back(row.at("what"));
    }
    return rows;
  }
  Carrying at_;
};

TEST_F(ReproducedElsewhere, ALinkToAReleaseIsSwappedThoughWhatReleasesHoldIsInNoVault) {
  prepare_releases("");
  heal();
  const json told = at_.same();
  EXPECT_EQ(fs::read_symlink(there().path(in_there("current"))), there().path(in_there("releases/1.10")));
  EXPECT_THAT(told.at("from_record"), AllOf(Contains("whether release 1.10 was whole"), Contains("probe app")));
  EXPECT_THAT(told.at("stand_ins").dump(), AllOf(HasSubstr("1.10, 1.11 of releases"), HasSubstr("in no vault")));
  EXPECT_TRUE(fs::is_empty(there().path(in_there("releases/1.10"))));
}

TEST_F(ReproducedElsewhere, WhatAProgramMissesInAnEmptyReleaseSaysNothingOfTheHeal) {
  prepare_releases(", reproducible: true");
  heal();
  const json told = at_.told(1);
  EXPECT_EQ(told.at("verdict"), "set_aside") << told.dump(1);
  EXPECT_THAT(told.at("for_real"), Contains("probe app"));
}

TEST_F(ReproducedElsewhere, ABuildThatIsMarkedRunsAgainFromTheProgramThatWasKept) {
  prepare_build(", reproducible: true");
  heal();
  const json told = at_.same();
  EXPECT_THAT(told.at("for_real"), Contains(here().path("bin/build").string()));
  EXPECT_THAT(rows_of_record(told), ElementsAre("attempt 1: probe app"));
  EXPECT_EQ(there().read(in_there("dist/css/app.css")), "whole\n");
  EXPECT_EQ(there().read(in_there("dist/app.js")), "whole\n");
  EXPECT_FALSE(there().exists(in_there("dist/old/app.js")));
}

TEST_F(ReproducedElsewhere, ABuildThatIsNotMarkedLeavesWhatTheRecordSays) {
  prepare_build("");
  heal();
  const json told = at_.same();
  EXPECT_THAT(told.at("from_record"),
              AllOf(Contains("program " + here().path("bin/build").string()), Contains("digest of dist/css/app.css"),
                    Contains("what the build left: 4 files and folders")));
  EXPECT_THAT(rows_of_record(told),
              UnorderedElementsAre("attempt 1: change 1", "attempt 1: digest of dist/app.js",
                                   "attempt 1: digest of dist/css/app.css", "attempt 1: probe app"));
  EXPECT_EQ(there().read(in_there("dist/app.js")), "cut off") << "as it was when the heal began";
}

TEST_F(ReproducedElsewhere, ABuildThatIsMarkedIsNotRunWhereNobodyVouchesForIt) {
  prepare_build(", reproducible: true");
  heal();
  const json told = at_.told(0, false);
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
  EXPECT_THAT(told.at("for_real"), IsEmpty());
  EXPECT_EQ(there().read(in_there("dist/app.js")), "cut off");
}

TEST_F(ReproducedElsewhere, AFolderOfStateComesBackFromItsTreeAndIsSwapped) {
  prepare_queue("1");
  heal();
  const json told = at_.same();
  EXPECT_THAT(told.at("not_rebuilt"), IsEmpty());
  EXPECT_EQ(there().read(in_there("queue/jobs/1")), "job\n");
  EXPECT_FALSE(there().exists(in_there("queue/jobs/2")));
}

TEST_F(ReproducedElsewhere, WhatANameOfAFileSaysBringsNothingAlong) {
  here().write("baseline/app.conf", "nobody's business\n");
  const std::string other =
      "sha256:" + run({{"/usr/bin/sha256sum", here().path("baseline/app.conf")}, {}, {}, {}}).out.substr(0, 64);
  here().write("snapshot/" + other, "job\n");
  here().write("snapshot/jobs/4", other);
  prepare_queue("1",
                "  - name: Other\n"
                "    self_test: [ { name: config, file: { path: app.conf, baseline: baseline/app.conf } } ]\n"
                "    repair: { files: [ { path: app.conf, baseline: baseline/app.conf } ] }\n");
  heal();
  (void)at_.same();
  EXPECT_THAT(there().read("heal.tar"), AllOf(HasSubstr("other job"), Not(HasSubstr("nobody's business"))));
}

TEST_F(ReproducedElsewhere, AFolderThatWasRolledBackIsThereAgain) {
  prepare_queue("3");
  heal(1);
  const json told = at_.same();
  EXPECT_THAT(told.at("not_rebuilt"), IsEmpty());
  EXPECT_EQ(there().read(in_there("queue/jobs/2")), "other job\n");
  EXPECT_FALSE(there().exists(in_there("queue/jobs/1")));
}

TEST_F(ReproducedElsewhere, ADatabaseThatDoesNotOpenIsSwappedForItsSnapshot) {
  prepare_users("");
  here().write("app.db", "SQLite format 3, or what is left of it\n", 0640);
  here().write("app.db-wal", "a log of it\n", 0640);
  heal();
  const json told = at_.same();
  EXPECT_THAT(told.at("not_rebuilt"), IsEmpty());
  const Ran users = run({{"/usr/bin/sqlite3", there().path(in_there("app.db")), "select name from users"}, {}, {}, {}});
  EXPECT_EQ(users.out, "ada\n") << users.err;
}

TEST_F(ReproducedElsewhere, ASnapshotThatWasTooOldOrUnsoundIsSoInTheSameWords) {
  for (const std::string spoil : {"touch -d '3 hours ago' snapshots/app.db", "echo nothing > snapshots/app.db"}) {
    SCOPED_TRACE(spoil);
    Carrying at;
    fs::create_directory(at.here().path("snapshots"));
    shell(at.here(),
          "sqlite3 snapshots/app.db 'create table users(name)'; sqlite3 app.db 'create table other(x)'; " + spoil);
    at.here().configure(
        "  - name: Sample\n    self_test: [ { name: never, command: [\"false\"] } ]\n"
        "    repair: { state: { path: app.db, snapshot: snapshots/app.db, max_age: 1h } }\n");
    EXPECT_EQ(at.here().autoheal({"heal", "Sample", "--error", "x"}).exit_code, 1);
    const json told = at.told();
    EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
    EXPECT_THAT(told.at("compared").dump(), HasSubstr("no snapshot can be restored"));
  }
}

TEST_F(ReproducedElsewhere, APlatformIsNeverCalledAgain) {
  configure(
      "    self_test: [ { name: fine, command: [\"true\"] } ]\n"
      "    repair: { platform: { http: { url: \"http://127.0.0.1:1/scale\", method: PUT, body: \"3\" } } }\n");
  heal(1);
  const json told = at_.same();
  EXPECT_THAT(told.at("from_record"), Contains("call of a platform (PUT)"));
  EXPECT_THAT(told.at("compared").dump(), HasSubstr("PUT http://127.0.0.1:1/scale"));
}

TEST_F(ReproducedElsewhere, WhatAPlatformDidAndUndidStandsInTheRecord) {
  const PlatformServer server(here());
  const std::string url = server.url("/scale");
  here().script("tests/verdict", "[ ! -e refuse ]\n");
  configure(
      "    self_test: [ { name: fine, command: [\"true\"] } ]\n"
      "    repair: { platform: { http: { url: " +
      url + ", method: PUT, body: \"3\" }, undo: { url: " + url +
      ", method: PUT, body: \"0\" } } }\n"
      "    certify: { within: 0s, tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  for (const int exit_code : {0, 1}) {
    SCOPED_TRACE(exit_code);
    heal(exit_code);
    const std::string told = here().read("told");
    const json again = at_.told();
    EXPECT_EQ(again.at("verdict"), "same") << again.dump(1);
    EXPECT_EQ(here().read("told"), told) << "nobody calls it";
    here().write("refuse", "");
    fs::remove_all(there().path("again"));
    fs::remove(there().path("heal.tar"));
  }
}

TEST_F(ReproducedElsewhere, ServicesAreNotTouchedAndSoTheRecordSpeaksForThem) {
  prepare(here(), service_examples().front());
  heal();
  const json told = at_.told();
  EXPECT_THAT(told.at("from_record"), AllOf(Contains("program " + here().path("bin/service").string()),
                                            Contains("probe process"), Contains("how a service was")));
  EXPECT_EQ(there().read(in_there("etc/app.conf")), "port = 8080\n");
}

TEST_F(ReproducedElsewhere, AFileThatWasNotThereIsMadeAgain) {
  here().write("baseline/app.conf", "port = 8080\n");
  configure(
      "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n");
  fs::create_directory(here().path("etc"));
  heal();
  const json told = at_.same();
  EXPECT_EQ(there().read(in_there("etc/app.conf")), "port = 8080\n");
}

TEST_F(ReproducedElsewhere, AChangeOfOwnerThatOnlyRootCanMakeIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  here().write("baseline/app.conf", "port = 8080\n");
  here().write("etc/app.conf", "port = 8080\n");
  ASSERT_EQ(::chown(here().path("etc/app.conf").c_str(), 1, 1), 0);
  configure(
      "    self_test: [ { name: config, file: { path: etc/app.conf, owner: \"root:root\" } } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf, owner: \"root:root\" } ] }\n");
  heal();
  const json told = at_.told(1);
  EXPECT_EQ(told.at("verdict"), "set_aside") << told.dump(1);
  EXPECT_EQ(told.at("owners"), false);
  EXPECT_THAT(told.at("not_rebuilt").dump(), AllOf(HasSubstr("etc/app.conf"), HasSubstr("only root can do")));
}

TEST_F(ReproducedElsewhere, AFolderIsBroughtBackFromTheSnapshotThatWasTakenOfIt) {
  here().write("queue/jobs/1", "job\n", 0600);
  configure(
      "    self_test: [ { name: job, command: [test, -e, queue/jobs/1] } ]\n"
      "    repair: { state: { path: queue, snapshot: { dir: snapshots, every: 1h, keep: 1 } } }\n");
  {
    Daemon daemon(here());
    EXPECT_TRUE(eventually([&] {
      std::error_code missing;
      const fs::directory_iterator taken(here().path("snapshots"), missing);
      return std::ranges::any_of(taken, [](const auto& one) { return one.path().extension() == ".snapshot"; });
    })) << daemon.said();
    daemon.stop();
  }
  fs::remove(here().path("queue/jobs/1"));
  heal();
  const json told = at_.same();
  EXPECT_EQ(there().read(in_there("queue/jobs/1")), "job\n");
}

TEST_F(ReproducedElsewhere, WhatWasHealedByHealingWhatItNeedsIsSoAgain) {
  here().write("baseline/app.conf", "port = 8080\n");
  here().write("etc/base.conf", "port = oops\n");
  here().write("etc/app.conf", "port = 8080\n");
  here().script("tests/answers", "cmp -s etc/base.conf baseline/app.conf && cmp -s etc/app.conf baseline/app.conf\n");
  configure(
      "    depends_on: [Base]\n"
      "    self_test: [ { name: answers, command: [tests/answers] } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
      "  - name: Base\n"
      "    self_test: [ { name: config, file: { path: etc/base.conf, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/base.conf, baseline: baseline/app.conf } ] }\n");
  heal();
  for (const std::string& line : here().entries("heal.triggered")) {
    const json entry = json::parse(line);
    if (entry.at("engine") == "Sample") at_.heal = entry.at("stream");
  }
  const std::string planned = here().autoheal({"audit", "--heal", at_.heal, "-o", "jsonl"}).out;
  ASSERT_THAT(planned, HasSubstr("\"recovered\":true"));
  const json told = at_.same();
  EXPECT_THAT(told.at("from_record"), Contains("probe answers"));
}

TEST_F(ReproducedElsewhere, WhatIsLeftToTheRecordIsToldToPeople) {
  prepare_releases("");
  heal();
  const Ran ran = at_.reproduced(true, "text");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("✓ same"), HasSubstr("probe app  pass  (from the record)\n"),
                             HasSubstr("from record  whether release 1.10 was whole"),
                             HasSubstr("not rebuilt  what lies in 1.10, 1.11 of releases")));
}

}  // namespace
}  // namespace autoheal::testing
