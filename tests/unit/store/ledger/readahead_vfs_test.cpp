// A connection that reads ahead sees the same as any other: the same rows in any order, its own moment while others
// write and checkpoint, and the next moment after it.
#include "autoheal/store/ledger/readahead_vfs.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "autoheal/store/ledger/reading_connection.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::TemporaryFolder;

class ReadaheadVfsTest : public ::testing::Test {
 protected:
  // Two tables whose pages alternate, and overflow pages among them.
  ReadaheadVfsTest() {
    writer_.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    writer_.exec("CREATE TABLE one(n INTEGER PRIMARY KEY, text); CREATE TABLE two(n INTEGER PRIMARY KEY, text)");
    for (int round = 0; round < 40; ++round) {
      writer_.exec(
          "WITH RECURSIVE some(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM some WHERE i < 100)"
          " INSERT INTO one(text) SELECT printf('%.*c', 300 + i % 7, 'a') FROM some");
      writer_.exec("INSERT INTO two(text) VALUES (printf('%.*c', 9000, 'b'))");
    }
    checkpoint();
  }
  void checkpoint() { writer_.exec("PRAGMA wal_checkpoint(TRUNCATE)"); }

  static std::string all_of(SQLite::Database& database, const std::string& order) {
    SQLite::Statement rows(database, "SELECT n, text FROM one " + order + " LIMIT 100000");
    std::string all;
    while (rows.executeStep()) all += rows.getColumn(0).getString() + rows.getColumn(1).getString() + "\n";
    return all;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "some.db";
  SQLite::Database writer_{path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

TEST_F(ReadaheadVfsTest, EveryOrderGivesTheSameRows) {
  auto plain = reading_connection(path_);
  auto ahead = reading_connection_for_all(path_);
  for (const char* order : {"ORDER BY n", "ORDER BY n DESC", "ORDER BY n * 7919 % 4001"})
    EXPECT_TRUE(all_of(ahead, order) == all_of(plain, order)) << order;
  SQLite::Statement check(ahead, "PRAGMA integrity_check");
  ASSERT_TRUE(check.executeStep());
  EXPECT_EQ(check.getColumn(0).getString(), "ok");
}

TEST_F(ReadaheadVfsTest, AMomentStaysWhileOthersWriteAndCheckpoint) {
  auto ahead = reading_connection_for_all(path_);
  SQLite::Statement rows(ahead, "SELECT text FROM one ORDER BY n");
  ASSERT_TRUE(rows.executeStep());
  writer_.exec("UPDATE one SET text = 'later'; PRAGMA wal_checkpoint(PASSIVE)");
  do {
    ASSERT_TRUE(rows.getColumn(0).getString().starts_with("aaa"));
  } while (rows.executeStep());
}

// Texts keep their length, so that pages keep their places: one that was read ahead would be taken for the new one.
TEST_F(ReadaheadVfsTest, TheNextMomentShowsWhatWasCheckpointedMeanwhile) {
  auto ahead = reading_connection_for_all(path_);
  for (int round = 1; round <= 4; ++round) {
    writer_.exec("UPDATE one SET text = replace(text, substr(text, 1, 1), char(97 + " + std::to_string(round) + "))");
    checkpoint();
    auto plain = reading_connection(path_);
    for (const char* order :
         round % 2 == 0 ? std::array{"ORDER BY n", "ORDER BY n DESC"} : std::array{"ORDER BY n DESC", "ORDER BY n"})
      ASSERT_TRUE(all_of(ahead, order) == all_of(plain, order)) << "round " << round << " " << order;
  }
}

// A file that somebody cut must look cut, not end in what was read before.
TEST_F(ReadaheadVfsTest, AFileThatIsTooShortIsDamaged) {
  auto ahead = reading_connection_for_all(path_);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_THROW(
      {
        for (const char* order : {"ORDER BY n", "ORDER BY n DESC"}) (void)all_of(ahead, order);
      },
      SQLite::Exception);
}

// Calls of the system's VFS that fail while they are armed.
class ReadsThatFail {
 public:
  ReadsThatFail() {
    sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
    for (const char* name : {"pread", "pread64"}) {
      if (vfs->xGetSystemCall(vfs, name) != nullptr)
        vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&read));
    }
    vfs->xSetSystemCall(vfs, "fstat", reinterpret_cast<sqlite3_syscall_ptr>(&look));
    reads_left = looks_left = -1;
  }
  ~ReadsThatFail() {
    sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
    for (const char* name : {"pread", "pread64", "fstat"}) vfs->xSetSystemCall(vfs, name, nullptr);
  }
  ReadsThatFail(const ReadsThatFail&) = delete;
  ReadsThatFail& operator=(const ReadsThatFail&) = delete;

  // How many go well before one fails; negative: none fails.
  inline static int reads_left = -1, looks_left = -1;

 private:
  static bool is_last(int& left) { return left >= 0 && left-- == 0; }
  static ssize_t read(int file, void* into, std::size_t size, off_t offset) {
    if (!is_last(reads_left)) return ::pread(file, into, size, offset);
    errno = EIO;
    return -1;
  }
  static int look(int file, struct stat* seen) {
    if (!is_last(looks_left)) return ::fstat(file, seen);
    errno = EIO;
    return -1;
  }
};

TEST_F(ReadaheadVfsTest, Case87_ACallThatFailsGivesTheSameRowsOrAnError) {
  auto plain = reading_connection(path_);
  const std::string whole = all_of(plain, "ORDER BY n");
  ReadsThatFail calls;
  for (int* left : {&ReadsThatFail::reads_left, &ReadsThatFail::looks_left}) {
    int call = 0;
    for (bool failed = true; failed; ++call) {
      auto ahead = reading_connection_for_all(path_);
      *left = call;
      try {
        EXPECT_TRUE(all_of(ahead, "ORDER BY n") == whole) << call;
      } catch (const SQLite::Exception& exception) {
        EXPECT_EQ(exception.getErrorCode() & 0xff, SQLITE_IOERR) << exception.what();
      }
      failed = *left < 0;
      *left = -1;
      EXPECT_TRUE(all_of(ahead, "ORDER BY n") == whole) << "the next moment, after call " << call;
    }
    EXPECT_GT(call, 10);
  }
}

TEST_F(ReadaheadVfsTest, AFileThatIsNotThereIsAnErrorAndOneWithoutLocksIsReadAsEver) {
  EXPECT_THROW((void)reading_connection_for_all(folder_ / "none.db"), SQLite::Exception);
  EXPECT_THROW(SQLite::Database((folder_ / "none.db").string(), SQLite::OPEN_READONLY, 0, readahead_vfs()),
               SQLite::Exception);
  writer_.exec("PRAGMA journal_mode = DELETE");
  auto with_locks = reading_connection_for_all(path_);
  SQLite::Database without("file:" + path_.string() + "?nolock=1", SQLite::OPEN_READONLY | SQLite::OPEN_URI, 0,
                           readahead_vfs());
  const std::string whole = all_of(with_locks, "ORDER BY n");
  EXPECT_TRUE(all_of(without, "ORDER BY n") == whole);
  writer_.exec("BEGIN EXCLUSIVE");
  EXPECT_NO_THROW(EXPECT_TRUE(all_of(without, "ORDER BY n") == whole)) << "who asked for no locks waits for none";
}

}  // namespace
}  // namespace autoheal::store
