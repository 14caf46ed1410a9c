// The restore relies on this: SQLite's online backup locks its target before it copies anything, and waits for that.
#include "tests/unit/database/database_fixture.hpp"
#include "tools/database/canonical_copy.hpp"

namespace autoheal::database {
namespace {

class BackupLockTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    target_path_ = make("target.db", GetParam());
    source_path_ = make("source.db", "delete", 7);
  }
  bool in_log() const { return GetParam() == std::string("wal"); }
  static Connection open(const fs::path& path) {
    auto connection = Connection::open(path.string(), SQLITE_OPEN_READWRITE);
    EXPECT_TRUE(connection);
    return std::move(*connection);
  }

  fs::path target_path_, source_path_;
};

INSTANTIATE_TEST_SUITE_P(Modes, BackupLockTest, ::testing::Values("delete", "wal"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(BackupLockTest, AStepOfNoPagesLocksAndCopiesNothing) {
  const ForeignProcess foreign(target_path_);
  const Connection target = open(target_path_), source = open(source_path_);
  {
    auto backup = Backup::start(target, source);
    ASSERT_TRUE(backup && backup->lock_target());
    EXPECT_EQ(foreign("BEGIN IMMEDIATE"), "error: database is locked");
    EXPECT_EQ(foreign(count_things), in_log() ? "[[100]]" : "error: database is locked");
  }
  EXPECT_EQ(foreign(count_things), "[[100]]");
  EXPECT_EQ(foreign(add_thing), "[]");
}

TEST_P(BackupLockTest, WithALogASecondConnectionReadsUnderTheLock) {
  const Connection target = open(target_path_), source = open(source_path_), reader = open(target_path_);
  auto backup = Backup::start(target, source);
  ASSERT_TRUE(backup && backup->lock_target());
  const auto copy = canonical_copy(reader);
  EXPECT_EQ(copy.has_value(), in_log());
  EXPECT_TRUE(copy || copy.error().kind == ErrorKind::busy);
}

TEST_P(BackupLockTest, TheTargetsBusyHandlerIsAsked) {
  const ForeignProcess foreign(target_path_);
  ASSERT_EQ(foreign("BEGIN IMMEDIATE"), "[]");
  const Connection target = open(target_path_), source = open(source_path_);
  struct Waiter {
    const ForeignProcess& holder;
    int asked = 0;
  } waiter{foreign};
  const auto handler = [](void* data, int) {
    auto& self = *static_cast<Waiter*>(data);
    return ++self.asked == 1 && self.holder("ROLLBACK") == "[]" ? 1 : 0;
  };
  sqlite3_busy_handler(target.handle(), handler, &waiter);
  auto backup = Backup::start(target, source);
  ASSERT_TRUE(backup && backup->lock_target());
  EXPECT_EQ(waiter.asked, 1);
  EXPECT_EQ(foreign("BEGIN IMMEDIATE"), "error: database is locked");
}

TEST_P(BackupLockTest, WhoGaveUpWaitingLocksNothing) {
  const ForeignProcess foreign(target_path_);
  foreign("BEGIN IMMEDIATE");
  const Connection target = open(target_path_), source = open(source_path_);
  target.wait(std::chrono::milliseconds(20));
  auto backup = Backup::start(target, source);
  ASSERT_TRUE(backup);
  const auto locked = backup->lock_target();
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().kind, ErrorKind::busy);
  EXPECT_EQ(foreign(add_thing), "[]");
  EXPECT_EQ(foreign("COMMIT"), "[]");
}

TEST_P(BackupLockTest, TheDataVersionTellsOthersCommitsFromTheRestore) {
  const Connection target = open(target_path_), source = open(source_path_);
  const auto before = target.ask("PRAGMA data_version");
  {
    auto backup = Backup::start(target, source);
    ASSERT_TRUE(backup && backup->lock_target() && backup->copy());
  }
  EXPECT_EQ(target.ask("PRAGMA data_version"), before);
  EXPECT_EQ(target.ask(count_things), "7");
  EXPECT_EQ(ForeignProcess(target_path_)(add_thing), "[]");
  EXPECT_NE(target.ask("PRAGMA data_version"), before);
}

}  // namespace
}  // namespace autoheal::database
