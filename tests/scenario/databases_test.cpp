// A database is brought back while others have it open; what they wrote is never lost, whatever becomes of the heal.
#include <gmock/gmock.h>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/foreign_process.hpp"

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
    const UniqueFd held(::open(bridge_.path("app.db").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_THAT(shown(), HasSubstr("open"));
    EXPECT_EQ(bridge_.read("app.db"), "SQLite format 3 it is not\n");
  }
  const Ran healed = heal();
  EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err << shown();
  EXPECT_EQ(rows("select name from users"), "ada\n");
}

// Properties besides the rows that a program may rely on.
constexpr char properties[] =
    "pragma journal_mode; pragma page_size; pragma encoding; pragma auto_vacuum; pragma application_id; "
    "pragma user_version; select name from users";

// A database of every property that is not the default, its snapshot, and then something happens to it.
struct KeptProperty {
  const char* name;
  const char* journal_mode;
  const char* snapshot_is;  // how the snapshot is made
  const char* happens;
};
void PrintTo(const KeptProperty& kept, std::ostream* out) { *out << kept.name; }

class KeptProperties : public ::testing::TestWithParam<KeptProperty> {
 protected:
  Bridge bridge_;
};

constexpr char by_copy[] = "cp app.db snapshots/app.db";
constexpr char by_vacuum[] = "sqlite3 app.db \"vacuum into 'snapshots/app.db'\"";
constexpr char loses_rows[] = "sqlite3 app.db 'delete from users'";
constexpr char loses_a_page[] = "dd if=/dev/zero of=app.db bs=2048 seek=1 count=1 conv=notrunc 2>/dev/null";
constexpr char loses_its_header[] = "printf 'no database at all' > app.db";
constexpr char is_removed[] = "rm app.db";
constexpr char gets_other_pages[] =
    "sqlite3 app.db 'delete from users' 'pragma journal_mode = delete' 'pragma page_size = 8192' 'vacuum' "
    "\"pragma journal_mode = $MODE\"";

constexpr char gets_another_encoding[] =
    "rm app.db; sqlite3 app.db 'pragma page_size = 2048; pragma encoding = \"UTF-8\"; create table users(name)' "
    "\"pragma journal_mode = $MODE\"";

INSTANTIATE_TEST_SUITE_P(Ways, KeptProperties,
                         ::testing::Values(KeptProperty{"InPlaceWal", "wal", by_copy, loses_rows},
                                           KeptProperty{"InPlaceDelete", "delete", by_copy, loses_rows},
                                           KeptProperty{"InPlaceWalFromVacuum", "wal", by_vacuum, loses_rows},
                                           KeptProperty{"DamagedWal", "wal", by_copy, loses_a_page},
                                           KeptProperty{"DamagedDelete", "delete", by_copy, loses_a_page},
                                           KeptProperty{"DamagedWalFromVacuum", "wal", by_vacuum, loses_a_page},
                                           KeptProperty{"NoHeaderWal", "wal", by_copy, loses_its_header},
                                           KeptProperty{"NoHeaderDelete", "delete", by_copy, loses_its_header},
                                           KeptProperty{"MissingWal", "wal", by_copy, is_removed},
                                           KeptProperty{"OtherPagesWal", "wal", by_vacuum, gets_other_pages},
                                           KeptProperty{"OtherPagesDelete", "delete", by_copy, gets_other_pages},
                                           KeptProperty{"OtherEncodingWal", "wal", by_vacuum, gets_another_encoding},
                                           KeptProperty{"OtherEncodingDelete", "delete", by_copy,
                                                        gets_another_encoding}),
                         [](const auto& one) { return std::string(one.param.name); });

std::string output_of(const Bridge& bridge, const std::string& line) {
  const Ran ran = run({{"/bin/sh", "-c", line}, {}, {}, bridge.path(".")});
  EXPECT_EQ(ran.exit_code, 0) << line << "\n" << ran.err;
  return ran.out;
}

TEST_P(KeptProperties, OfARestoredDatabaseAreThoseItHad) {
  std::filesystem::create_directory(bridge_.path("snapshots"));
  shell(bridge_,
        "sqlite3 app.db 'pragma page_size = 2048; pragma encoding = \"UTF-16le\"; pragma auto_vacuum = incremental; "
        "pragma application_id = 1179010629; pragma user_version = 42; create table users(name); "
        "insert into users values(\"ada\")' 'pragma journal_mode = " +
            std::string(GetParam().journal_mode) + "'");
  shell(bridge_, GetParam().snapshot_is);
  const std::string before = output_of(bridge_, std::string("sqlite3 app.db '") + properties + "'");
  ASSERT_THAT(before, HasSubstr(GetParam().journal_mode));
  shell(bridge_, "MODE=" + std::string(GetParam().journal_mode) + "; " + GetParam().happens);
  bridge_.configure(
      "  - name: Genesis\n"
      "    self_test: [ { name: users, command: [tests/has-users] } ]\n"
      "    repair: { state: { path: app.db, snapshot: snapshots/app.db } }\n"
      "    certify: { within: 0s }\n");
  bridge_.script("tests/has-users", "[ \"$(sqlite3 app.db 'select count(*) from users')\" -gt 0 ]\n");
  const Ran healed = bridge_.autoheal({"heal", "Genesis", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}});
  EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err << bridge_.autoheal({"show", "last"}).out;
  EXPECT_EQ(output_of(bridge_, std::string("sqlite3 app.db '") + properties + "'"), before);
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
