// Whoever reads ahead sees what everybody else sees: the same rows in any order, its own moment while others write and
// checkpoint, and the next moment after it.
#include "store/reading_ahead.hpp"

#include <gtest/gtest.h>

#include <array>

#include "store/reading_connection.hpp"
#include "tests/conformance/temporary_folder.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::TemporaryFolder;

class ReadingAheadTest : public ::testing::Test {
 protected:
  // Two tables whose pages alternate, and overflow pages among them.
  ReadingAheadTest() {
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

TEST_F(ReadingAheadTest, EveryOrderGivesTheSameRows) {
  auto plain = reading_connection(path_);
  auto ahead = reading_connection_for_all(path_);
  for (const char* order : {"ORDER BY n", "ORDER BY n DESC", "ORDER BY n * 7919 % 4001"})
    EXPECT_TRUE(all_of(ahead, order) == all_of(plain, order)) << order;
  SQLite::Statement check(ahead, "PRAGMA integrity_check");
  ASSERT_TRUE(check.executeStep());
  EXPECT_EQ(check.getColumn(0).getString(), "ok");
}

TEST_F(ReadingAheadTest, AMomentStaysWhileOthersWriteAndCheckpoint) {
  auto ahead = reading_connection_for_all(path_);
  SQLite::Statement rows(ahead, "SELECT text FROM one ORDER BY n");
  ASSERT_TRUE(rows.executeStep());
  writer_.exec("UPDATE one SET text = 'later'; PRAGMA wal_checkpoint(PASSIVE)");
  do {
    ASSERT_TRUE(rows.getColumn(0).getString().starts_with("aaa"));
  } while (rows.executeStep());
}

// Texts keep their length, so that pages keep their places: one that was read ahead would be taken for the new one.
TEST_F(ReadingAheadTest, TheNextMomentShowsWhatWasCheckpointedMeanwhile) {
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
TEST_F(ReadingAheadTest, AFileThatIsTooShortIsDamaged) {
  auto ahead = reading_connection_for_all(path_);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_THROW(
      {
        for (const char* order : {"ORDER BY n", "ORDER BY n DESC"}) (void)all_of(ahead, order);
      },
      SQLite::Exception);
}

}  // namespace
}  // namespace autoheal::store
