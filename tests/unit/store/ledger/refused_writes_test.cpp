// A ledger that cannot write, for each reason that SQLite knows: what is refused and may be tried again, what nobody
// can know and is never acknowledged, and what a ledger is opened with all the same.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>

#include "autoheal/store/ledger/ledger_file.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/unit/store/ledger/faulty_vfs.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::AppendStatus;
using engine::NewEntry;
using testing::DiskCall;
using testing::Faults;
using testing::faults;
using ::testing::HasSubstr;
using testing::heal;
namespace fs = std::filesystem;

struct RefusedWrites : testing::LedgerFixture {
  // More than SQLite keeps in memory, so that pages go to the log before the commit does.
  static std::vector<NewEntry> more_than_the_cache() {
    return std::vector<NewEntry>(60, entry("a", "{\"text\":\"" + std::string(60'000, 'x') + "\"}"));
  }
  std::unique_ptr<SqliteLedger> open_with(SqliteLedger::OpenOptions options) {
    auto opened = SqliteLedger::open(path, options);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  void expect_sound() const {
    const auto report = verify_ledger(path, {.threads = 1, .unsigned_is_sound = true});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->sound()) << report->problems.front();
  }
  std::uint64_t count_of(const std::string& stream) const { return reader()->read_stream(stream, 1)->size(); }
};

// ---- what an append is told before its commit

TEST_F(RefusedWrites, BeforeTheCommitAreUnavailableOrUnknownByTheirReason) {
  const std::pair<int, AppendStatus> reasons[] = {
      {SQLITE_LOCKED, AppendStatus::unavailable},     {SQLITE_FULL, AppendStatus::unavailable},
      {SQLITE_CANTOPEN, AppendStatus::unavailable},   {SQLITE_READONLY, AppendStatus::unavailable},
      {SQLITE_PROTOCOL, AppendStatus::unavailable},   {SQLITE_NOMEM, AppendStatus::unavailable},
      {SQLITE_IOERR, AppendStatus::unavailable},      {SQLITE_CORRUPT, AppendStatus::unknown},
      {SQLITE_MISUSE, AppendStatus::unknown},         {SQLITE_IOERR_FSYNC, AppendStatus::unknown},
      {SQLITE_IOERR_DIR_FSYNC, AppendStatus::unknown}};
  append(*open(), heal, 0, {entry("a")});
  for (const auto& [code, expected] : reasons) {
    SCOPED_TRACE(sqlite3_errstr(code));
    const auto ledger = open(testing::faulty_vfs());
    const std::uint64_t before = count_of(heal);
    ASSERT_EQ(foreign("INSERT OR REPLACE INTO meta VALUES ('note', 'pages are read again')"), "");
    faults.later = Faults::Later{DiskCall::read, 1, code, false};
    const auto refused = append(*ledger, heal, before, {entry("b")});
    EXPECT_TRUE(faults.later_came);
    EXPECT_EQ(refused.status, expected);
    EXPECT_THAT(refused.message, HasSubstr(path.string()));
    EXPECT_EQ(refused.head.value, before);
    const auto again = append(*ledger, heal, before, {entry("b")});
    EXPECT_EQ(again.status, expected == AppendStatus::unavailable ? AppendStatus::ok : AppendStatus::unknown);
    EXPECT_EQ(count_of(heal), before + (again.status == AppendStatus::ok ? 1 : 0));
  }
  expect_sound();
}

// After the log was moved into the database it begins anew: its head is synced alone, long before the commit.
TEST_F(RefusedWrites, Case86_ASyncThatFailsBeforeTheCommitIsUnknown) {
  const auto ledger = open(testing::faulty_vfs());
  for (std::uint64_t version : {0U, 60U}) {
    ASSERT_EQ(append(*ledger, heal, version, more_than_the_cache()).status, AppendStatus::ok);
  }
  faults.later = Faults::Later{DiskCall::sync, 1, SQLITE_IOERR_FSYNC, false};
  const auto unknown = append(*ledger, heal, 120, more_than_the_cache());
  EXPECT_TRUE(faults.later_came);
  EXPECT_EQ(unknown.status, AppendStatus::unknown);
  EXPECT_EQ(append(*ledger, heal, 120, {entry("a")}).status, AppendStatus::unknown);
  EXPECT_EQ(ledger->read_stream(heal, 1)->size(), 120U);
  EXPECT_EQ(count_of(heal), 120U) << "it was the sync of the commit";
}

TEST_F(RefusedWrites, Case88_ADiskThatIsFullBeforeTheCommitRefuses) {
  const auto ledger = open(testing::faulty_vfs());
  faults.later = Faults::Later{DiskCall::write, 2, SQLITE_FULL, true};
  const auto refused = append(*ledger, heal, 0, more_than_the_cache());
  EXPECT_EQ(refused.status, AppendStatus::unavailable);
  EXPECT_THAT(refused.message, HasSubstr("full"));
  faults = {};
  EXPECT_EQ(append(*ledger, heal, 0, more_than_the_cache()).status, AppendStatus::ok);
  EXPECT_EQ(count_of(heal), 60U);
  expect_sound();
}

TEST_F(RefusedWrites, AtAnyWriteSomebodyElsesLockIsNoCommit) {
  for (int countdown = 1, more = true; more != 0; ++countdown) {
    SCOPED_TRACE(countdown);
    const auto ledger = open(testing::faulty_vfs());
    const std::uint64_t before = count_of(heal);
    faults.later = Faults::Later{DiskCall::write, countdown, SQLITE_BUSY, false};
    const auto result = append(*ledger, heal, before, {entry("a")});
    more = faults.later_came ? 1 : 0;
    EXPECT_EQ(result.status, faults.later_came ? AppendStatus::unavailable : AppendStatus::ok);
    faults = {};
    EXPECT_EQ(append(*ledger, heal, count_of(heal), {entry("a")}).status, AppendStatus::ok);
    EXPECT_EQ(count_of(heal), before + 1 + (more != 0 ? 0 : 1));
  }
  expect_sound();
}

// Somebody else's row stands in the way, and the disk fails while what was begun is taken back.
TEST_F(RefusedWrites, AreTakenBackWhileTheDiskFails) {
  bool came = true;
  for (int countdown = 1; came; ++countdown) {
    SCOPED_TRACE(countdown);
    const auto ledger = open(testing::faulty_vfs());
    ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
    // The ledger remembers how far the stream is, and has to see at the row itself that it is further.
    ASSERT_EQ(foreign("INSERT INTO entries SELECT 500, stream, 61, type, dataversion, time, actor, engine, data "
                      "FROM entries WHERE seq = 1"),
              "");
    faults.later = Faults::Later{DiskCall::read, countdown, SQLITE_IOERR_READ, true};
    const auto refused = append(*ledger, heal, 1, more_than_the_cache());
    came = faults.later_came;
    EXPECT_TRUE(refused.status == AppendStatus::fenced || (came && refused.status == AppendStatus::unavailable));
    faults = {};
    ASSERT_EQ(foreign("DELETE FROM entries WHERE seq = 500"), "");
    EXPECT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::ok);
    EXPECT_EQ(count_of(heal), 2U);
    expect_sound();
    fs::remove_all(folder / "");
    fs::create_directories(folder / "");
  }
}

// While it lives, no connection that is opened can roll back: what is left then is not known.
class NoRollback {
 public:
  NoRollback() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&NoRollback::of)); }
  ~NoRollback() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&NoRollback::of)); }
  NoRollback(const NoRollback&) = delete;
  NoRollback& operator=(const NoRollback&) = delete;

 private:
  static int of(sqlite3* database, char**, const sqlite3_api_routines*) {
    return sqlite3_set_authorizer(database, &NoRollback::judge, nullptr);
  }
  static int judge(void*, int action, const char* what, const char*, const char*, const char*) {
    return action == SQLITE_TRANSACTION && std::string(what) == "ROLLBACK" ? SQLITE_DENY : SQLITE_OK;
  }
};

TEST_F(RefusedWrites, ThatCannotBeTakenBackPoisonTheLedger) {
  {
    const auto ledger = open();
  }
  {
    const NoRollback none;
    const auto ledger = open();
    EXPECT_EQ(append(*ledger, heal, 7, {entry("a")}).status, AppendStatus::conflict);
    const auto refused = append(*ledger, heal, 0, {entry("a")});
    EXPECT_EQ(refused.status, AppendStatus::unknown);
    EXPECT_THAT(refused.message, HasSubstr("a failed transaction could not be rolled back"));
  }
  EXPECT_EQ(append(*open(), heal, 0, {entry("a")}).status, AppendStatus::ok);
  expect_sound();
}

// ---- archived rows

struct RefusedDrops : RefusedWrites {
  // Enough that the log is moved into the database afterwards.
  void fill(SqliteLedger& ledger) {
    for (std::uint64_t number = 0; number < 3; ++number)
      ASSERT_EQ(append(ledger, heal, number * 60, more_than_the_cache()).status, AppendStatus::ok);
  }
};

TEST_F(RefusedDrops, LeaveAllRowsOrNoneAndTheLogIsEmptiedAfterwards) {
  const auto ledger = open(testing::faulty_vfs());
  fill(*ledger);
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  const auto full = ledger->drop_entries({170}, {});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(ledger->archived()->value, 0U);
  EXPECT_EQ(count_of(heal), 180U);
  const engine::Position kept[] = {{100}};
  ASSERT_TRUE(ledger->drop_entries({170}, kept));
  EXPECT_EQ(ledger->archived()->value, 170U);
  EXPECT_EQ(count_of(heal), 11U);
  expect_sound();
}

TEST_F(RefusedDrops, Case86_WhoseSyncFailsAreFatal) {
  const auto ledger = open(testing::faulty_vfs());
  fill(*ledger);
  faults.on_log_sync = SQLITE_IOERR_FSYNC;
  for (int tries = 0; tries < 2; ++tries) {
    const auto fatal = ledger->drop_entries({170}, {});
    ASSERT_FALSE(fatal);
    EXPECT_EQ(fatal.error().kind, ErrorKind::fatal);
    EXPECT_THAT(fatal.error().message, HasSubstr("a sync failed while archived entries were removed"));
    faults = {};
  }
  EXPECT_EQ(append(*ledger, heal, 180, {entry("a")}).status, AppendStatus::unknown);
}

TEST_F(RefusedDrops, Case86_ASyncOfTheFolderThatFailsInACheckpointPoisonsToo) {
  const auto ledger = open(testing::faulty_vfs());
  faults.on_database_sync = SQLITE_IOERR_DIR_FSYNC;
  std::uint64_t version = 0;
  while (version < 3'000 && append(*ledger, heal, version, more_than_the_cache()).status == AppendStatus::ok)
    version += 60;
  EXPECT_LT(version, 3'000U) << "it never moved its log";
  faults = {};
  const auto refused = append(*ledger, heal, version, {entry("a")});
  EXPECT_EQ(refused.status, AppendStatus::unknown);
  EXPECT_THAT(refused.message, HasSubstr("a sync failed during a checkpoint"));
}

// ---- facts about the ledger

TEST_F(RefusedWrites, OfFactsThatTheLedgerKeepsItself) {
  const auto ledger = open(testing::faulty_vfs());
  for (const std::string name : {"id", "schema_version", "epoch", "archived"}) {
    const auto refused = ledger->set_meta(name, "1");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
    EXPECT_THAT(refused.error().message, HasSubstr(name));
  }
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, true};
  EXPECT_EQ(ledger->set_meta("verifier_key", "x").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(ledger->keep_checkpoint({0, "x"}).error().kind, ErrorKind::unavailable);
  faults = {};
  EXPECT_EQ(*ledger->meta("verifier_key"), "");
  EXPECT_TRUE(ledger->set_meta("verifier_key", "x"));
  EXPECT_EQ(*ledger->meta("verifier_key"), "x");
}

// ---- opening

TEST_F(RefusedWrites, Case88_OfAnOpeningOnAFullDiskTakeTheRoomThatWasKept) {
  constexpr std::uint64_t reserve_bytes = 1024 * 1024;
  {
    const auto ledger = open_with({.ids = ids, .reserve_bytes = reserve_bytes});
  }
  const SqliteLedger::OpenOptions options{.ids = ids, .vfs = testing::faulty_vfs(), .reserve_bytes = reserve_bytes};
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  const auto ledger = open_with(options);
  EXPECT_TRUE(faults.later_came);
  ASSERT_NE(ledger, nullptr);
  EXPECT_EQ(ledger->epoch(), 2U);
}

TEST_F(RefusedWrites, Case88_OfAnOpeningOnAFullDiskWithoutSuchRoomSayWhatToDo) {
  {
    const auto ledger = open();
  }
  const std::string vfs = testing::faulty_vfs();
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, true};
  const auto refused = try_open(vfs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(refused.error().hint, "make room on the disk");
  faults = {};
  EXPECT_EQ(open(vfs)->epoch(), 2U);
}

// The folder's file system cannot do this: SQLite keeps its log in memory that processes share.
TEST_F(RefusedWrites, OfALogAreNoReasonToDoWithoutIt) {
  {
    const auto ledger = open();
  }
  ASSERT_EQ(foreign("PRAGMA journal_mode = DELETE"), "delete\n");
  const auto refused = try_open("unix-none");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot be kept in WAL mode"));
  EXPECT_NE(open(), nullptr);
}

TEST_F(RefusedWrites, OfAFolderAreNamed) {
  {
    std::ofstream(folder / "file") << "here";
  }
  path = folder / "file/deeper/ledger.db";
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("the ledger's folder " + path.parent_path().string()));
  path = folder / "file/ledger.db";
  for (const auto& error : {try_open().error(), LedgerReader::open(path).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_THAT(error.message, HasSubstr("ledger.db"));
  }
}

// In the folder where it was started, a ledger may be named without one.
TEST_F(RefusedWrites, AreNotForWantOfAFoldersName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder / "");
  path = "ledger.db";
  EXPECT_EQ(append(*open(), heal, 0, {entry("a")}).status, AppendStatus::ok);
  EXPECT_EQ(size_of(*reader()), 1U);
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(folder / "ledger.db"));
}

// ---- a ledger that is created

TEST_F(RefusedWrites, OfANewLedgerLeaveNoneBehind) {
  fs::create_directories(folder / "ledger.db.new");
  EXPECT_THAT(try_open().error().message, HasSubstr("removing the leftover"));
  EXPECT_FALSE(fs::exists(path));
  fs::remove(folder / "ledger.db.new");
  const auto nowhere = create_ledger(folder / "nowhere/ledger.db", ids.next());
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("creating"));
  fs::create_directories(folder / "taken.db");
  const auto taken = create_ledger(folder / "taken.db", ids.next());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("renaming"));
  EXPECT_TRUE(fs::is_directory(folder / "taken.db"));
  EXPECT_NE(open(), nullptr);
}

TEST_F(RefusedWrites, BesideAnythingThatSpeaksOfALostLedgerAreNamed) {
  {
    std::ofstream(folder / "ledger.db-wal");
  }  // an empty log tells of none
  {
    const auto ledger = open();
  }
  fs::remove(path);
  fs::remove(folder / "ledger.db-wal");
  fs::create_directories(folder / "ledger.db-wal");
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ledger.db-wal says that there was one"));
}

TEST_F(RefusedWrites, ToALedgerThatDoesNotNameItselfAreRefused) {
  {
    const auto ledger = open();
  }
  for (const std::string deed :
       {"UPDATE meta SET value = 'mine' WHERE name = 'id'", "UPDATE meta SET value = -1 WHERE name = 'epoch'",
        "UPDATE meta SET value = 0 WHERE name = 'schema_version'"}) {
    SCOPED_TRACE(deed);
    const fs::path kept = folder / "kept.db";
    fs::copy_file(path, kept, fs::copy_options::overwrite_existing);
    ASSERT_EQ(foreign(deed), "");
    for (const auto& error : {try_open().error(), LedgerReader::open(path).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::corrupt);
      EXPECT_THAT(error.message, HasSubstr("has no valid id, version or epoch"));
    }
    const auto report = verify_ledger(path, {.threads = 1});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->problems, ::testing::Contains(HasSubstr("has no valid id, version or epoch")));
    fs::rename(kept, path);
    fs::remove(path.string() + "-wal");
    fs::remove(path.string() + "-shm");
  }
}

// ---- what SQLite says

TEST(SqliteErrors, TellTheCallerWhatToDo) {
  const struct {
    int code;
    ErrorKind kind;
    std::string hint;
  } errors[] = {{SQLITE_BUSY, ErrorKind::busy, ""},
                {SQLITE_BUSY_RECOVERY, ErrorKind::busy, ""},
                {SQLITE_LOCKED, ErrorKind::busy, ""},
                {SQLITE_CORRUPT, ErrorKind::corrupt, ""},
                {SQLITE_NOTADB, ErrorKind::corrupt, ""},
                {SQLITE_FULL, ErrorKind::unavailable, "make room on the disk"},
                {SQLITE_CANTOPEN, ErrorKind::unavailable, "check its owner and mode"},
                {SQLITE_READONLY, ErrorKind::unavailable, "check its owner and mode"},
                {SQLITE_IOERR_READ, ErrorKind::unavailable, ""}};
  for (const auto& [code, kind, hint] : errors) {
    const Error error = sqlite_error("/var/ledger.db", SQLite::Exception("words", code));
    EXPECT_EQ(error.kind, kind) << code;
    EXPECT_EQ(error.message, "the ledger /var/ledger.db: words");
    EXPECT_THAT(error.hint, ::testing::StartsWith(hint)) << code;
    EXPECT_EQ(error.hint.empty(), hint.empty()) << code;
  }
}

TEST(SqliteErrors, KeepTheirKindOnTheWayThroughAnException) {
  for (const ErrorKind kind : {ErrorKind::busy, ErrorKind::corrupt, ErrorKind::unavailable}) {
    try {
      throw_as_sqlite({kind, "words", {}}, "entry 1: ");
    } catch (const SQLite::Exception& exception) {
      const Error error = sqlite_error("/var/ledger.db", exception);
      EXPECT_EQ(error.kind, kind);
      EXPECT_EQ(error.message, "the ledger /var/ledger.db: entry 1: words");
    }
  }
}

// ---- without a tree

struct WithoutTree : RefusedWrites {
  std::unique_ptr<SqliteLedger> open_treeless() {
    return open_with({.ids = ids, .vfs = testing::faulty_vfs(), .keep_tree = false});
  }
};

TEST_F(WithoutTree, ALedgerTakesAndRefusesAllTheSameAndIsNotTakenForOneWithATree) {
  const auto ledger = open_treeless();
  EXPECT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  EXPECT_EQ(append(*ledger, heal, 5, {entry("a")}).status, AppendStatus::conflict);
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  EXPECT_EQ(append(*ledger, heal, 1, {entry("a")}).status, AppendStatus::unavailable);
  EXPECT_EQ(append(*ledger, heal, 1, {entry("a")}).status, AppendStatus::ok);
  EXPECT_EQ(ledger->read_stream(heal, 1)->size(), 2U);
  EXPECT_EQ(ledger->tree_head(), TreeHead());
  EXPECT_THAT(verify_ledger(path, {.threads = 1})->problems, ::testing::Contains(HasSubstr("entry 1 has no root")));
}

}  // namespace
}  // namespace autoheal::store
