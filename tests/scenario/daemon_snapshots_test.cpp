// Snapshots are taken while all is well, and are what brings a state back when it is not: through the daemon, end to
// end.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DaemonSnapshots : public ::testing::Test {
 protected:
  std::set<std::string> snapshots() const {
    std::set<std::string> names;
    std::error_code missing;
    for (const auto& one : std::filesystem::directory_iterator(bridge_.path("snapshots"), missing)) {
      if (one.path().extension() == ".snapshot") names.insert(one.path().filename());
    }
    return names;
  }
  // Their contents, without the times.
  std::set<std::string> contents() const {
    std::set<std::string> found;
    for (const std::string& name : snapshots()) found.insert(name.substr(name.find("Z.")));
    return found;
  }
  // Waits for the program of the self-test, which locks the database for a moment.
  std::string asked(const std::string& sql) const {
    const Ran ran = run({{"/usr/bin/sqlite3", "-cmd", ".timeout 10000", bridge_.path("app.db"), sql}, {}, {}, {}});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  }
  std::string rows() const { return asked("select name from users"); }
  Bridge bridge_;
};

TEST_F(DaemonSnapshots, OfADatabaseFollowItAndBringItBack) {
  shell(bridge_, "sqlite3 app.db \"create table users(name); insert into users values('ada')\"");
  bridge_.script("tests/has-users", "[ \"$(sqlite3 app.db 'select count(*) from users')\" -gt 0 ]\n");
  bridge_.configure(
      "  - name: Genesis\n    every: 1s\n    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: users, command: [tests/has-users] } ]\n"
      "    repair: { state: { path: app.db, snapshot: { dir: snapshots, every: 1s, keep: 1 } } }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1; })) << daemon.said();
  const auto first = contents();
  shell(bridge_, "sqlite3 app.db \".timeout 5000\" \"insert into users values('bob')\"");
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1 && contents() != first; })) << daemon.said();
  shell(bridge_, "sqlite3 app.db \".timeout 5000\" \"delete from users\"");
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(rows(), "ada\nbob\n") << "from the newest";
  daemon.expect_passes("Genesis");
  bridge_.write("app.db", "SQLite format 3, or what is left of it\n");
  daemon.expect_count("heal.completed", 2);
  EXPECT_EQ(rows(), "ada\nbob\n");
  EXPECT_EQ(snapshots().size(), 1U);
  daemon.stop();
}

// Nothing is left of the database that could tell its mode: the snapshot was told it.
TEST_F(DaemonSnapshots, KnowTheJournalModeOfTheDatabaseTheyWereTakenOf) {
  shell(bridge_,
        "sqlite3 app.db \"pragma journal_mode = wal; create table users(name); insert into users values('ada')\"");
  bridge_.script("tests/has-users", "[ \"$(sqlite3 app.db 'select count(*) from users')\" -gt 0 ]\n");
  bridge_.configure(
      "  - name: Genesis\n    every: 1s\n    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: users, command: [tests/has-users] } ]\n"
      "    repair: { state: { path: app.db, snapshot: { dir: snapshots, every: 1h, keep: 1 } } }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1; })) << daemon.said();
  std::filesystem::remove(bridge_.path("app.db-wal"));
  bridge_.write("app.db", "what is left of it\n");
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(rows(), "ada\n");
  EXPECT_EQ(asked("pragma journal_mode"), "wal\n");
  daemon.stop();
}

TEST_F(DaemonSnapshots, OfAFolderToo) {
  bridge_.write("queue/jobs/1", "job\n", 0600);
  bridge_.configure(
      "  - name: Queue\n    every: 1s\n    healing: { fail_after: 1 }\n"
      "    self_test: [ { name: job, command: [test, -e, queue/jobs/1] } ]\n"
      "    repair: { state: { path: queue, snapshot: { dir: snapshots, every: 1s, keep: 1 } } }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1; })) << daemon.said();
  const auto first = contents();
  bridge_.write("queue/jobs/2", "another\n");
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1 && contents() != first; })) << daemon.said();
  shell(bridge_, "rm -r queue");
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(bridge_.read("queue/jobs/2"), "another\n");
  EXPECT_EQ(bridge_.read("queue/jobs/1"), "job\n");
  daemon.stop();
}

TEST_F(DaemonSnapshots, MakeTheirFolderAndTheOneAboveIt) {
  bridge_.write("queue/jobs/1", "job\n");
  bridge_.configure(
      "  - name: Queue\n    self_test: [ { name: job, command: [test, -e, queue/jobs/1] } ]\n"
      "    repair: { state: { path: queue, snapshot: { dir: snapshots/deep/queue, every: 1h, keep: 1 } } }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] {
    std::error_code missing;
    const std::filesystem::directory_iterator taken(bridge_.path("snapshots/deep/queue"), missing);
    return std::ranges::any_of(taken, [](const auto& one) { return one.path().extension() == ".snapshot"; });
  })) << daemon.said();
  daemon.stop();
}

TEST_F(DaemonSnapshots, OfWhatFailsAreNotTaken) {
  bridge_.write("run/.keep", "");
  shell(bridge_, "sqlite3 app.db 'create table users(name)'");
  bridge_.script("tests/fails", "echo >> run/tested; exit 1\n");
  bridge_.configure(
      "  - name: Genesis\n    every: 1h\n    healing: { enabled: false }\n"
      "    self_test: [ { name: fails, command: [tests/fails] } ]\n"
      "    repair: { state: { path: app.db, snapshot: { dir: snapshots, every: 1s, keep: 2 } } }\n");
  Daemon daemon(bridge_);
  for (std::size_t tests = 1; tests <= 3; ++tests) {
    EXPECT_TRUE(eventually([&] { return bridge_.read("run/tested").size() >= tests; }));
    daemon.inspect("Genesis");
  }
  daemon.stop();
  EXPECT_THAT(snapshots(), IsEmpty());
}

// The self-test does not notice: what cannot be copied is told, and healed from the newest snapshot.
TEST_F(DaemonSnapshots, ThatFindDamageAreAnEntryAndAFailure) {
  shell(bridge_, "sqlite3 app.db \"create table users(name); insert into users values('ada')\"");
  bridge_.configure(
      "  - name: Genesis\n    every: 1s\n"
      "    self_test: [ { name: there, file: { path: app.db } } ]\n"
      "    repair: { state: { path: app.db, snapshot: { dir: snapshots, every: 1s, keep: 3 } } }\n");
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return snapshots().size() == 1; })) << daemon.said();
  shell(bridge_,
        "head -c 6000 /dev/zero | tr '\\0' x > new; dd if=app.db of=new bs=100 count=1 conv=notrunc 2>/dev/null; mv "
        "new app.db");
  daemon.expect_count("engine.snapshot_failed", 1);
  EXPECT_THAT(daemon.entries("engine.snapshot_failed").front().data, HasSubstr(R"("damaged":true)"));
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(rows(), "ada\n");
  EXPECT_THAT(daemon.said(), HasSubstr("no snapshot of app.db"));
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
