// A database is brought back while others have it open; what they wrote is never lost, whatever becomes of the heal.
#include <gmock/gmock.h>

#include "tests/support/foreign_process.hpp"
#include "tests/support/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Databases : public ::testing::Test {
 protected:
  // app.db has lost its users; the snapshot still knows ada.
  void prepare(const std::string& mode, const std::string& more = "", const std::string& verdict = "true") const {
    std::filesystem::create_directory(bridge_.path("snapshots"));
    shell(bridge_, "sqlite3 snapshots/app.db \"create table users(name); insert into users values('ada')\"");
    shell(bridge_, "sqlite3 app.db \"pragma journal_mode = " + mode +
                       "; create table users(name); create table orders(what); insert into orders values('tea')\"");
    bridge_.script("tests/verdict", verdict + "\n");
    bridge_.configure(
        "  - name: Genesis\n"
        "    self_test: [ { name: users, command: [tests/has-users] } ]\n"
        "    repair:\n"
        "      state: { path: app.db, snapshot: snapshots/app.db, timeout: 200ms, max_age: 1h }\n" +
        more + "    certify: { within: 0s, tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
    bridge_.script("tests/has-users", "[ \"$(sqlite3 app.db 'select count(*) from users')\" -gt 0 ]\n");
  }
  Ran heal() const { return bridge_.autoheal({"heal", "Genesis", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}); }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  std::string rows(const std::string& sql) const {
    return run({{"/usr/bin/sqlite3", bridge_.path("app.db"), sql}, {}, {}, {}}).out;
  }
  Bridge bridge_;
};

TEST_F(Databases, AreRestoredUnderAnOpenReaderAndWriter) {
  prepare("wal");
  const ForeignProcess reader(bridge_.path("app.db"));
  const ForeignProcess writer(bridge_.path("app.db"));
  EXPECT_EQ(writer("insert into orders values('milk')"), "[]");
  EXPECT_EQ(reader("begin"), "[]");
  EXPECT_EQ(reader("select what from orders"), "[[\"tea\"], [\"milk\"]]");
  const Ran healed = heal();
  EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err << shown();
  EXPECT_EQ(reader("select what from orders"), "[[\"tea\"], [\"milk\"]]") << "its transaction sees what it began with";
  EXPECT_EQ(reader("commit"), "[]");
  EXPECT_EQ(reader("select name from users"), "[[\"ada\"]]");
  EXPECT_EQ(writer("insert into users values('bob')"), "[]");
  EXPECT_EQ(reader("select name from users"), "[[\"ada\"], [\"bob\"]]");
  EXPECT_EQ(reader("pragma journal_mode"), "[[\"wal\"]]");
}

TEST_F(Databases, ARefusedRestoreLosesNoRowThatWasThere) {
  for (const std::string mode : {"wal", "delete"}) {
    SCOPED_TRACE(mode);
    prepare(mode, "", "[ ! -e refuse ]");
    bridge_.write("refuse", "");
    const ForeignProcess reader(bridge_.path("app.db"));
    EXPECT_EQ(reader("insert into orders values('milk')"), "[]");
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_EQ(reader("select what from orders"), "[[\"tea\"], [\"milk\"]]");
    EXPECT_EQ(reader("select name from users"), "[]");
    EXPECT_THAT(shown(), HasSubstr("everything is as before"));
    shell(bridge_, "rm -r app.db* snapshots");
  }
}

TEST_F(Databases, ThatSomebodyKeepsLockedAreLeftAlone) {
  prepare("delete");
  const ForeignProcess writer(bridge_.path("app.db"));
  EXPECT_EQ(writer("begin immediate"), "[]");
  EXPECT_EQ(writer("insert into orders values('milk')"), "[]");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("locked"));
  EXPECT_EQ(writer("commit"), "[]");
  EXPECT_EQ(rows("select what from orders"), "tea\nmilk\n");
}

TEST_F(Databases, ARowWrittenBetweenPlanAndApplyIsKept) {
  // The service is stopped after the plan was made; it writes a last row while it ends.
  prepare("delete",
          "      service: { start: [bin/service, start], stop: [bin/service, stop], pidfile: run/app.pid }\n");
  bridge_.script(
      "bin/service",
      "case $1 in\n"
      "start) setsid tail -f /dev/null >/dev/null 2>&1 & echo $! > run/app.pid ;;\n"
      "stop) kill $(cat run/app.pid); rm run/app.pid; sqlite3 app.db \"insert into orders values('last')\" ;;\n"
      "esac\n");
  bridge_.write("run/.keep", "");
  start_service(bridge_);
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(rows("select what from orders"), "tea\nlast\n");
  EXPECT_THAT(shown(), AllOf(HasSubstr("target_changed"), HasSubstr("app.db")));
  EXPECT_TRUE(bridge_.exists("run/app.pid")) << "the service runs again";
}

TEST_F(Databases, ARowWrittenAfterTheRestoreIsKeptAndNamed) {
  prepare("delete", "", "sqlite3 app.db \"insert into users values('bob')\"; exit 1");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(rows("select name from users"), "ada\nbob\n");
  EXPECT_THAT(shown(), AllOf(HasSubstr("rollback_incomplete"), HasSubstr("foreign"), HasSubstr("app.db")));
}

TEST_F(Databases, ASnapshotThatIsTooOldIsRefused) {
  prepare("delete");
  shell(bridge_, "touch -d '3 hours ago' snapshots/app.db");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("is 3 hours old, older than max_age allows"));
  EXPECT_EQ(rows("select what from orders"), "tea\n");
}

TEST_F(Databases, ADamagedOneIsSwappedOnlyWhenNobodyHasItOpen) {
  prepare("delete");
  bridge_.write("app.db", "SQLite format 3 it is not\n", 0640);
  {
    const host::UniqueFd held(::open(bridge_.path("app.db").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_THAT(shown(), HasSubstr("open"));
    EXPECT_EQ(bridge_.read("app.db"), "SQLite format 3 it is not\n");
  }
  const Ran healed = heal();
  EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err << shown();
  EXPECT_EQ(rows("select name from users"), "ada\n");
}

TEST_F(Databases, ADeadServiceAloneCostsNoRow) {
  prepare("delete",
          "      service: { start: [bin/service, start], stop: [bin/service, stop], pidfile: run/app.pid }\n");
  install_service(bridge_);
  bridge_.write("etc/app.conf", "port = 8080\n");
  bridge_.script("tests/has-users", "[ -e run/app.pid ]\n");
  const Ran healed = bridge_.autoheal({"heal", "Genesis", "--error", "x"});
  EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err << shown();
  EXPECT_EQ(rows("select what from orders"), "tea\n");
}

}  // namespace
}  // namespace autoheal::testing
