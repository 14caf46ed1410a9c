// Verification computes what the indexes must hold without SQLite; here SQLite says what they hold, of rows that it
// would hardly ever see.
#include "autoheal/store/verify/index_checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "autoheal/store/ledger/ledger_upgrade.hpp"
#include "autoheal/store/verify/verify_indexes.hpp"

namespace autoheal::store {
namespace {

class IndexChecksumsTest : public ::testing::Test {
 protected:
  void put(const std::string& stream, const std::string& time, const std::string& type = "heal.triggered",
           const std::string& actor = "'autoheal'", const std::string& engine = "'web'") {
    database_.exec("INSERT INTO entries(stream, version, type, dataversion, time, actor, engine, data) VALUES (" +
                   stream + ", 1, '" + type + "', 1, " + time + ", " + actor + ", " + engine + ", '{}')");
  }

  std::vector<IndexSum> of_rows() {
    IndexChecksums sums(database_, indexes_, key_);
    RowQuery rows(database_, std::string("SELECT ") + entry_columns + " FROM entries ORDER BY seq");
    while (rows.step()) sums.add(entry_row(rows));
    return sums.take();
  }
  void expect_the_same() {
    const auto sums = of_rows();
    ASSERT_EQ(sums.size(), indexes_.size());
    for (std::size_t at = 0; at < sums.size(); ++at)
      EXPECT_EQ(read_index(database_, indexes_[at], key_, 1'000'000, 0).sum, sums[at]) << indexes_[at].name;
  }

  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  std::vector<EntryIndex> indexes_ = [this] {
    create_tables(database_);
    return entry_indexes(database_);
  }();
  SumKey key_ = SumKey::drawn();
};

TEST_F(IndexChecksumsTest, HealsOfAnyNameAreFoundUnderIt) {
  for (const char* stream : {"x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5f'", "x'ffffffffffffffffffffffffffffffff'", "'heal-1'",
                             "'a'", "'a name that is longer than sixteen bytes'", "'ü'"})
    put(stream, "1700000000000000");
  expect_the_same();
}

TEST_F(IndexChecksumsTest, HealsOfAnyTimeAreFoundUnderIt) {
  int stream = 0;
  for (const char* time : {"0", "1", "999999", "1000000", "1700000000123456", "1709164800000000", "253402300799999999",
                           "-1", "-99999", "-999999", "-1000000", "-1000001", "-11644473600123456",
                           "-62135596800000000", "-62135596800000001", "-62167219200000000"})
    put("'stream " + std::to_string(++stream) + "'", time);
  expect_the_same();
}

TEST_F(IndexChecksumsTest, EachIndexHasTheRowsThatItsConditionNames) {
  int stream = 0;
  for (const char* type :
       {"heal.triggered", "heal.completed", "heal.exhausted", "heal.certified", "node.started", "x"}) {
    for (const char* actor : {"'autoheal'", "'anna'", "NULL"}) {
      for (const char* engine : {"'web'", "'db'", "NULL"})
        put("'stream " + std::to_string(++stream) + "'", "5", type, actor, engine);
    }
  }
  expect_the_same();
}

// Else the tests above could not fail.
TEST_F(IndexChecksumsTest, AnotherNameOrTimeOfOneHealShows) {
  put("x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5f'", "1700000000000000");
  const auto before = of_rows();
  database_.exec("UPDATE entries SET stream = x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5e', time = 1700000000000001");
  const auto after = of_rows();
  std::size_t others = 0;
  for (std::size_t at = 0; at < before.size(); ++at) others += before[at] == after[at] ? 0 : 1;
  EXPECT_EQ(others, 3U) << "entries_by_stream, heals_by_name and heals_by_start";
}

TEST_F(IndexChecksumsTest, AConditionMayDependOnSeveralColumns) {
  database_.exec("CREATE INDEX by_two ON entries(engine) WHERE type = 'heal.triggered' AND actor = 'anna'");
  indexes_ = entry_indexes(database_);
  int stream = 0;
  for (const char* type : {"heal.triggered", "x"}) {
    for (const char* actor : {"'anna'", "'otto'", "NULL"}) put("'" + std::to_string(++stream) + "'", "5", type, actor);
  }
  expect_the_same();
  const auto at = std::ranges::find(indexes_, "by_two", &EntryIndex::name) - indexes_.begin();
  EXPECT_EQ(of_rows()[static_cast<std::size_t>(at)].count, 1U);
}

TEST_F(IndexChecksumsTest, AConditionOnAnythingElseIsRefused) {
  database_.exec("CREATE INDEX by_place ON entries(engine) WHERE seq > 7");
  indexes_ = entry_indexes(database_);
  EXPECT_THROW(IndexChecksums(database_, indexes_, key_), SQLite::Exception);
}

TEST_F(IndexChecksumsTest, AnIndexWhoseTextIsNoneIsLeftToSqlite) {
  const std::size_t count = indexes_.size();
  database_.exec(
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE INDEX' WHERE name = 'heals_by_name'");
  EXPECT_EQ(entry_indexes(database_).size(), count - 1);
}

// The cache of conditions is cleared now and then: 100,000 contents are kept.
TEST_F(IndexChecksumsTest, MoreActorsThanAreRememberedAreAddedUpAllTheSame) {
  IndexChecksums sums(database_, indexes_, key_);
  EntryRow row;
  row.type = "heal.triggered";
  row.engine = "web";
  row.stream = "one";
  std::string actor;
  constexpr std::uint64_t rows = 100'010;
  for (std::uint64_t at = 0; at < rows; ++at) {
    actor = std::to_string(at % 100'005);  // the last five are those of the first
    row.actor = actor;
    row.seq = static_cast<std::int64_t>(at);
    sums.add(row);
  }
  const auto taken = sums.take();
  for (std::size_t at = 0; at < indexes_.size(); ++at) {
    const bool holds_all = indexes_[at].where.empty() || indexes_[at].where == "type = 'heal.triggered'";
    EXPECT_TRUE(!holds_all || taken[at].count == rows) << indexes_[at].name;
  }
}

}  // namespace
}  // namespace autoheal::store
