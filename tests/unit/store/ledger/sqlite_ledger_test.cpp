// Tests that the conformance suite cannot hold: files, owners, neighbours, and a disk that fails.
#include "autoheal/store/ledger/sqlite_ledger.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "autoheal/store/verify/verify.hpp"
#include "tests/unit/store/ledger/faulty_vfs.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::AppendStatus;
using engine::StreamLife;
using testing::faults;
using testing::heal;
namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat seen{};
  EXPECT_EQ(::stat(path.c_str(), &seen), 0) << path;
  return seen.st_mode & 07777;
}

struct SqliteLedgerTest : testing::LedgerFixture {};

TEST_F(SqliteLedgerTest, RemembersEverythingAcrossOwners) {
  std::string id;
  {
    const auto ledger = open();
    id = ledger->id();
    ASSERT_EQ(append(*ledger, heal, 0, {entry("a"), entry("b")}).status, AppendStatus::ok);
    ASSERT_EQ(append(*ledger, "ledger", 0, {entry("c")}, StreamLife::ends).status, AppendStatus::ok);
    ASSERT_TRUE(ledger->set_meta("verifier_key", "example+00"));
    EXPECT_EQ(ledger->set_meta("epoch", "0").error().kind, ErrorKind::invalid);
    EXPECT_EQ(ledger->epoch(), 1U);
  }
  const auto ledger = open();
  EXPECT_EQ(ledger->id(), id);
  EXPECT_EQ(ledger->epoch(), 2U);
  EXPECT_EQ(*ledger->open_streams(), std::vector<std::string>{heal});
  EXPECT_EQ(append(*ledger, heal, 2, {entry("d")}).head, engine::Position{4});
  EXPECT_EQ(ledger->append({{{heal, 3, {entry("e")}, StreamLife::goes_on, {}}}, {}, 1}).status, AppendStatus::fenced);
  EXPECT_EQ(*reader()->meta("verifier_key"), "example+00");
}

TEST_F(SqliteLedgerTest, TheSecondOwnerIsToldWhoTheFirstIs) {
  auto first = open();
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
  first.reset();
  EXPECT_TRUE(try_open());
}

TEST_F(SqliteLedgerTest, TheLockOfADeadOwnersChildIsWaitedFor) {
  auto first = open();
  int release[2];
  ASSERT_EQ(::pipe(release), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // between fork and exec it holds the lock too
    ::close(release[1]);
    char byte = 0;
    static_cast<void>(::read(release[0], &byte, 1) == 0);  // until the other end is closed
    ::_exit(0);
  }
  first.reset();
  EXPECT_FALSE(try_open());
  ::close(release[1]);
  EXPECT_TRUE(SqliteLedger::open(path, {.ids = ids}));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(release[0]);
}

TEST_F(SqliteLedgerTest, FolderAndFilesHaveTheModesThatAuditorsNeed) {
  path = folder / "var/autoheal/ledger.db";
  const mode_t before = ::umask(077);
  auto ledger = open();
  ::umask(before);
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  EXPECT_EQ(mode_of(path.parent_path()), 02750U);
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(path.string() + suffix), 0640U) << suffix;
  EXPECT_EQ(mode_of(path.string() + ".lock"), 0600U);
  ledger.reset();
  EXPECT_TRUE(fs::exists(path.string() + "-wal"));
  EXPECT_TRUE(fs::exists(path.string() + "-shm"));
}

TEST_F(SqliteLedgerTest, WhatACrashDuringCreationLeftIsReplaced) {
  std::ofstream(path.string() + ".new") << "half a database";
  std::ofstream(path.string() + ".new-journal") << "and its journal";
  const auto ledger = open();
  EXPECT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  EXPECT_FALSE(fs::exists(path.string() + ".new"));
  EXPECT_FALSE(fs::exists(path.string() + ".new-journal"));
}

TEST_F(SqliteLedgerTest, ALostLedgerIsNeverReplacedByAnEmptyOne) {
  for (const std::string beside : {".key", ".vault", ".signed", "-wal"}) {
    std::ofstream(path.string() + beside) << "x";
    for (const bool empty : {false, true}) {
      if (empty) std::ofstream(path).flush();
      const auto owner = try_open();
      ASSERT_FALSE(owner) << beside;
      EXPECT_EQ(owner.error().kind, ErrorKind::unavailable);
      EXPECT_NE(owner.error().message.find(beside), std::string::npos) << owner.error().message;
      EXPECT_EQ(LedgerReader::open(path).error().kind, ErrorKind::unavailable);
      EXPECT_EQ(fs::exists(path), empty);
      fs::remove(path);
    }
    fs::remove(path.string() + beside);
  }
  std::ofstream(path).flush();  // empty, and alone: nothing is lost
  EXPECT_EQ(size_of(*reader()), 0U);
  EXPECT_TRUE(try_open());
}

TEST_F(SqliteLedgerTest, AReaderOfNothingIsEmptyAndMakesNothing) {
  const auto nothing = reader();
  EXPECT_EQ(size_of(*nothing), 0U);
  EXPECT_EQ(nothing->id(), "");
  EXPECT_EQ(*nothing->head(), engine::Position{});
  EXPECT_TRUE(nothing->open_streams()->empty());
  EXPECT_TRUE(nothing->quick_check()->empty());
  EXPECT_EQ(*nothing->place_of("bus"), std::nullopt);
  EXPECT_FALSE(fs::exists(path));
}

struct LedgerOfALaterVersion : SqliteLedgerTest {
  static std::string bytes(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  // Writing, reading and verifying are refused, and no byte of it changes.
  void expect_refused_and_untouched() {
    const std::string database = bytes(path), log = bytes(path.string() + "-wal");
    const auto verified = verify_ledger(path, {});
    ASSERT_FALSE(verified);
    for (const auto& error : {try_open().error(), LedgerReader::open(path).error(), verified.error()}) {
      EXPECT_EQ(error.kind, ErrorKind::unavailable);
      EXPECT_NE(error.message.find("version 9"), std::string::npos) << error.message;
      EXPECT_NE(error.message.find("up to 2"), std::string::npos) << error.message;
      EXPECT_EQ(error.hint, "use the later version that wrote it");
    }
    EXPECT_EQ(bytes(path), database);
    EXPECT_EQ(bytes(path.string() + "-wal"), log);
  }
};

TEST_F(LedgerOfALaterVersion, Cases140And143_IsRefusedWithBothVersionsAndNotWrittenTo) {
  open();
  foreign("UPDATE meta SET value = 9 WHERE name = 'schema_version'");
  expect_refused_and_untouched();
}

TEST_F(LedgerOfALaterVersion, Cases140And143_WhatItsDeadOwnerLeftInTheLogStaysThere) {
  {
    const auto owner = open();
    append(*owner, heal, 0, {entry("a")});
    foreign("UPDATE meta SET value = 9 WHERE name = 'schema_version'");
    fs::create_directory(folder / "crashed");
    for (const char* suffix : {"", "-wal"})
      fs::copy_file(path.string() + suffix, folder / "crashed" / ("ledger.db" + std::string(suffix)));
  }
  path = folder / "crashed" / "ledger.db";
  ASSERT_GT(fs::file_size(path.string() + "-wal"), 0U);
  expect_refused_and_untouched();
}

TEST_F(LedgerOfALaterVersion, Cases140And143_KeptInAnotherWayItStaysInIt) {
  open();
  foreign("PRAGMA journal_mode = DELETE; UPDATE meta SET value = 9 WHERE name = 'schema_version'");
  expect_refused_and_untouched();
}

TEST_F(SqliteLedgerTest, WhatIsNoLedgerIsNamed) {
  std::ofstream(path) << "This is not a database." << std::string(4096, 'x');
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt);
  EXPECT_EQ(LedgerReader::open(path).error().kind, ErrorKind::corrupt);
  fs::remove(path);
  foreign("CREATE TABLE other(x)");
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt);
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_EQ(try_open().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(LedgerReader::open(path).error().kind, ErrorKind::unavailable);
}

TEST_F(SqliteLedgerTest, AReaderWorksBesideTheWriterAndAfterIt) {
  auto ledger = open();
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  const auto beside = reader();
  EXPECT_EQ(size_of(*beside), 1U);
  ASSERT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::ok);
  EXPECT_EQ(size_of(*beside), 2U);
  EXPECT_EQ(beside->id(), ledger->id());
  ledger.reset();
  EXPECT_EQ(size_of(*beside), 2U);
  EXPECT_EQ(size_of(*reader()), 2U);
}

TEST_F(SqliteLedgerTest, AForeignProcessThatOpensAndClosesItLosesNothing) {
  auto ledger = open();
  for (std::uint64_t n = 0; n < 10; ++n) {
    ASSERT_EQ(append(*ledger, heal, n, {entry("a")}).status, AppendStatus::ok);
    EXPECT_EQ(foreign("SELECT count(*) FROM entries"), std::to_string(n + 1) + "\n");
    EXPECT_EQ(foreign("SELECT count(*) FROM entries", "-readonly"), std::to_string(n + 1) + "\n");
    static_cast<void>(reader());  // one in this process, closed at once, must not drop the writer's locks
    EXPECT_TRUE(fs::exists(path.string() + "-wal"));
  }
  EXPECT_GT(fs::file_size(path.string() + "-wal"), 0U);
  fs::copy(path.string() + "-wal", folder / "as_a_crash_leaves_it-wal");
  fs::copy(path, folder / "as_a_crash_leaves_it");
  EXPECT_EQ(testing::foreign_sqlite(folder / "as_a_crash_leaves_it", "SELECT count(*) FROM entries"), "10\n");
}

TEST_F(SqliteLedgerTest, ItsOwnerCheckpointsByItself) {
  const auto ledger = open();
  std::uintmax_t largest = 0;
  for (std::uint64_t n = 0; n < 600; ++n) {
    ASSERT_EQ(append(*ledger, heal, n, {entry("a", "{\"text\":\"" + std::string(20'000, 'x') + "\"}")}).status,
              AppendStatus::ok);
    largest = std::max(largest, fs::file_size(path.string() + "-wal"));
  }
  EXPECT_LT(largest, 6U * 1024 * 1024);
  EXPECT_GT(fs::file_size(path), 8U * 1024 * 1024);
}

TEST_F(SqliteLedgerTest, AForeignLockIsWaitedForAndThenRefused) {
  const auto ledger = open();
  {
    SQLite::Database other(path.string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    const auto result = append(*ledger, heal, 0, {entry("a")});
    EXPECT_EQ(result.status, AppendStatus::unavailable);
    EXPECT_FALSE(result.message.empty());
    other.exec("ROLLBACK");
  }
  EXPECT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
}

TEST_F(SqliteLedgerTest, RowsOfSomebodyElseStopIt) {
  const auto ledger = open();
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  foreign("INSERT INTO entries VALUES (2, 'x', 1, 'a.b', 1, 0, NULL, NULL, '{}')");
  EXPECT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::fenced);
}

TEST_F(SqliteLedgerTest, AFullDiskAppendsNothingAndGoesOnWhenThereIsRoom) {
  const auto ledger = open(testing::faulty_vfs());
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  faults.on_log_write = SQLITE_FULL;
  for (int tries = 0; tries < 3; ++tries) {
    const auto result = append(*ledger, heal, 1, {entry("b")});
    EXPECT_EQ(result.status, AppendStatus::unavailable) << result.message;
    EXPECT_EQ(result.head, engine::Position{1});
    EXPECT_EQ(size_of(*ledger), 1U);
  }
  faults = {};
  EXPECT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::ok);
  EXPECT_EQ(size_of(*reader()), 2U);
}

TEST_F(SqliteLedgerTest, AfterAFailedSyncNothingIsAcknowledgedAnyMore) {
  auto ledger = open(testing::faulty_vfs());
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  faults.on_log_sync = SQLITE_IOERR_FSYNC;
  EXPECT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::unknown);
  faults = {};
  const auto later = append(*ledger, heal, 1, {entry("b")});
  EXPECT_EQ(later.status, AppendStatus::unknown);
  EXPECT_FALSE(later.message.empty());
  EXPECT_EQ(ledger->read_all({}, 1)->entries.size(), 1U);  // reading goes on
  ledger.reset();
  EXPECT_GE(size_of(*open()), 1U);
}

TEST_F(SqliteLedgerTest, ASyncThatFailsDuringACheckpointPoisonsToo) {
  const auto ledger = open(testing::faulty_vfs());
  faults.on_database_sync = SQLITE_IOERR_FSYNC;
  const std::string data = "{\"text\":\"" + std::string(30'000, 'x') + "\"}";
  std::uint64_t acknowledged = 0;
  while (acknowledged < 400 && append(*ledger, heal, acknowledged, {entry("a", data)}).status == AppendStatus::ok) {
    ++acknowledged;
  }
  EXPECT_GT(acknowledged, 50U);
  EXPECT_LT(acknowledged, 400U);
  EXPECT_EQ(size_of(*ledger), acknowledged);
  EXPECT_EQ(append(*ledger, heal, acknowledged, {entry("a")}).status, AppendStatus::unknown);
  faults = {};
}

TEST_F(SqliteLedgerTest, AcknowledgedEntriesSurviveAKill) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto ledger = open();
    for (std::uint64_t n = 0; append(*ledger, heal, n, {entry("a")}).status == AppendStatus::ok; ++n) {
      if (::write(pipe[1], "x", 1) != 1) break;
    }
    ::_exit(1);
  }
  ::close(pipe[1]);
  char bytes[50];
  std::size_t acknowledged = 0;
  while (acknowledged < 200) acknowledged += static_cast<std::size_t>(::read(pipe[0], bytes, sizeof bytes));
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ssize_t rest = 0;
  while ((rest = ::read(pipe[0], bytes, sizeof bytes)) > 0) acknowledged += static_cast<std::size_t>(rest);
  ::close(pipe[0]);
  EXPECT_GE(size_of(*reader()), acknowledged);
  const auto ledger = open();
  EXPECT_GE(size_of(*ledger), acknowledged);
  EXPECT_EQ(append(*ledger, heal, size_of(*ledger), {entry("b")}).status, AppendStatus::ok);
}

}  // namespace
}  // namespace autoheal::store
