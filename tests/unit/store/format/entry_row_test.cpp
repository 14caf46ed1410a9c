// Rows that the ledger would never have written are told by the first column that is wrong.
#include "autoheal/store/ledger/entry_row.hpp"

#include <gtest/gtest.h>

namespace autoheal::store {
namespace {

class EntryRowTest : public ::testing::Test {
 protected:
  static constexpr char good_id[] = "x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5f'";

  struct Columns {
    std::string stream = "'ledger'", version = "1", type = "'node.started'", dataversion = "1", time = "5",
                actor = "NULL", engine = "NULL", data = "'{}'";
  };
  // The fault of such a row; empty if none.
  std::string problem_of(const Columns& columns) {
    RowQuery query(database_, "SELECT 1, " + columns.stream + ", " + columns.version + ", " + columns.type + ", " +
                                  columns.dataversion + ", " + columns.time + ", " + columns.actor + ", " +
                                  columns.engine + ", " + columns.data);
    EXPECT_TRUE(query.step());
    std::vector<JsonMember> members;
    return column_problem(query, entry_row(query), members).value_or("");
  }

  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

TEST_F(EntryRowTest, OurOwnHaveNoProblem) {
  EXPECT_EQ(problem_of({}), "");
  EXPECT_EQ(problem_of({.stream = good_id, .actor = "'anna'", .engine = "'web'"}), "");
}

TEST_F(EntryRowTest, StreamsHaveANameOrTheSixteenBytesOfAnId) {
  for (const char* stream : {"NULL", "7", "''", "x'00'", "x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5f00'", "CAST(x'ff' AS TEXT)",
                             "'0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f'"})
    EXPECT_EQ(problem_of({.stream = stream}), "its stream has no valid name") << stream;
}

TEST_F(EntryRowTest, NumbersAreNumbersInTheirRanges) {
  for (const char* version : {"NULL", "'1'", "0", "-1", "1.5"})
    EXPECT_EQ(problem_of({.version = version}), "its version is no number from 1 up") << version;
  for (const char* version : {"NULL", "'1'", "0", "4294967296"})
    EXPECT_TRUE(problem_of({.dataversion = version}).starts_with("its data version is ")) << version;
  // 1 January of the years 0 and 10,000 are -62,167,219,200 and 253,402,300,800 seconds from 1970.
  for (const char* time : {"NULL", "'5'", "-62167219200000001", "253402300800000000"})
    EXPECT_EQ(problem_of({.time = time}), "its time is no time between the years 0 and 9999") << time;
  for (const char* time : {"-62167219200000000", "253402300799999999"}) EXPECT_EQ(problem_of({.time = time}), "");
}

TEST_F(EntryRowTest, TextsAreTexts) {
  EXPECT_EQ(problem_of({.type = "x'00'"}), "its type is no text");
  for (const char* actor : {"''", "7", "x'61'"})
    EXPECT_EQ(problem_of({.actor = actor}), "its actor is no text") << actor;
  EXPECT_EQ(problem_of({.engine = "CAST(x'ff' AS TEXT)"}), "its engine is not valid UTF-8");
  EXPECT_EQ(problem_of({.data = "NULL"}), "its data is no text");
  EXPECT_EQ(problem_of({.data = "'{'"}).find("its data is not JSON as we write it: "), 0U);
}

TEST_F(EntryRowTest, TypesAreWordsInLowerCase) {
  EXPECT_FALSE(type_problem("heal.triggered"));
  EXPECT_EQ(type_problem("").value_or(""), "its type \"\" is not a word in lower case");
  EXPECT_EQ(type_problem("Heal").value_or(""), "its type \"Heal\" is not a word in lower case");
}

TEST_F(EntryRowTest, ATimeThatCannotBeWrittenMakesALeafOfTheEarliest) {
  for (const char* time : {"-9223372036854775807", "9223372036854775807"}) {
    RowQuery query(database_, "SELECT 1, 'ledger', 1, 'a', 1, " + std::string(time) + ", NULL, NULL, '{}'");
    ASSERT_TRUE(query.step());
    EXPECT_EQ(parts_of(entry_row(query), "ledger").time, Timestamp(Duration(-62167219200000000)));
  }
}

}  // namespace
}  // namespace autoheal::store
