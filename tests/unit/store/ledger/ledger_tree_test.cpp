// The tree grows with the commits, knows what an export hashes to, and no reader gives out an entry that does not fit
// it.
#include <fstream>

#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using testing::heal;

struct LedgerTreeTest : testing::LedgerFixture {
  // `commits` of one to `most` entries each.
  static void fill(engine::Ledger& ledger, std::uint64_t commits, std::uint64_t most = 3) {
    std::uint64_t version = 0;
    for (std::uint64_t commit = 0; commit < commits; ++commit) {
      std::vector<engine::NewEntry> entries(1 + commit * 37 % most,
                                            entry("a", "{\"n\":" + std::to_string(commit) + "}"));
      const auto count = entries.size();
      ASSERT_EQ(append(ledger, heal, version, std::move(entries)).status, engine::AppendStatus::ok);
      version += count;
    }
  }
  static TreeHead head_of_export(const engine::LedgerView& ledger) {
    GrowingTree tree;
    EXPECT_TRUE(export_lines(ledger, {}, [&](std::string_view line, const engine::Entry&) {
      tree.append(leaf_hash(line));
      return true;
    }));
    return tree.head();
  }
};

TEST_F(LedgerTreeTest, ItsRootIsThatOfTheExport) {
  const auto ledger = open();
  fill(*ledger, 27, 90);  // over several tiles of the lowest level, in runs that cross their edges
  EXPECT_GT(ledger->tree_head().size, 4 * 256U);
  EXPECT_EQ(ledger->tree_head(), head_of_export(*ledger));
  EXPECT_EQ(*reader()->tree_head(), ledger->tree_head());
}

TEST_F(LedgerTreeTest, TheNextOwnerGrowsItOn) {
  fill(*open(), 10, 90);
  const auto ledger = open();
  const auto before = ledger->tree_head();
  append(*ledger, "another", 0, {entry("b"), entry("c")});
  EXPECT_EQ(ledger->tree_head().size, before.size + 2);
  EXPECT_EQ(ledger->tree_head(), head_of_export(*ledger));
  EXPECT_EQ(*root_of(ledger->hashes(), before.size), before.root);
}

TEST_F(LedgerTreeTest, ARefusedBatchLeavesNoLeaf) {
  const auto ledger = open();
  fill(*ledger, 5);
  const auto before = ledger->tree_head();
  EXPECT_EQ(append(*ledger, heal, 1, {entry("late")}).status, engine::AppendStatus::conflict);
  EXPECT_EQ(ledger->tree_head(), before);
  append(*ledger, "another", 0, {entry("b")});
  EXPECT_EQ(ledger->tree_head(), head_of_export(*ledger));
}

TEST_F(LedgerTreeTest, OneRootStaysForEachCommit) {
  fill(*open(), 4);
  EXPECT_EQ(foreign("SELECT group_concat(size) FROM roots"), "1,3,6,7\n");
}

TEST_F(LedgerTreeTest, Case94_AChangedEntryIsNeverGivenOutAsGood) {
  fill(*open(), 5);
  foreign("UPDATE entries SET data = '7' WHERE seq = 5");
  const auto read = reader();
  for (const auto& error : {read->read_all({}, 100).error(), read->read_stream(heal, 1).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::corrupt);
    EXPECT_NE(error.message.find("entry 5 is not what was written"), std::string::npos) << error.message;
  }
  EXPECT_EQ(read->read_all({}, 4)->entries.size(), 4U);
  EXPECT_EQ(read->read_unchecked({}, 100)->entries[4].data, "7");
}

TEST_F(LedgerTreeTest, AnOwnerDoesNotGoOnFromATreeThatDoesNotFit) {
  for (const char* change :
       {"DELETE FROM entries WHERE seq = 9", "DELETE FROM roots WHERE size = 9",
        "UPDATE tiles SET hashes = zeroblob(8192)", "UPDATE roots SET root = zeroblob(32) WHERE size = 9"}) {
    const testing::TemporaryFolder own;
    path = own / "ledger.db";
    fill(*open(), 5);
    foreign(change);
    const auto opened = try_open();
    ASSERT_FALSE(opened) << change;
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt) << change;
    EXPECT_NE(opened.error().message.find("was changed by somebody else"), std::string::npos) << opened.error().message;
  }
}

TEST_F(LedgerTreeTest, Case139_ALedgerFromBeforeTheTreeGetsOneWithTheRootOfItsExport) {
  fill(*open(), 10, 90);
  const auto root = reader()->tree_head();
  foreign(
      "DROP TABLE tiles; DROP TABLE roots; DROP TABLE checkpoints; UPDATE meta SET value = 1 WHERE name = "
      "'schema_version'");
  EXPECT_EQ(head_of_export(*reader()), *root);  // it is read as it is
  EXPECT_EQ(reader()->tree_head()->size, 0U);
  EXPECT_EQ(open()->tree_head(), *root);
  EXPECT_EQ(*reader()->tree_head(), *root);
}

TEST_F(LedgerTreeTest, CheckpointsAreKeptInOrder) {
  const auto ledger = open();
  fill(*ledger, 3);
  EXPECT_FALSE(*ledger->newest_checkpoint());
  ASSERT_TRUE(ledger->keep_checkpoint({3, "three"}));
  ASSERT_TRUE(ledger->keep_checkpoint({6, "six"}));
  EXPECT_EQ(*reader()->newest_checkpoint(), (StoredCheckpoint{6, "six"}));
  EXPECT_EQ(*reader()->checkpoints(3, 10), (std::vector<StoredCheckpoint>{{6, "six"}}));
}

TEST_F(LedgerTreeTest, WhereATileWasTakenAwayNothingIsAppendedAndAHeadOfAnotherSizeIsNone) {
  const auto ledger = open();
  append(*ledger, heal, 0, {entry("a"), entry("b")});
  ASSERT_EQ(reader()->tree_head()->size, 2U);
  foreign("DELETE FROM tiles");
  const auto refused = append(*ledger, heal, 2, {entry("c")});
  EXPECT_NE(refused.status, engine::AppendStatus::ok);
  EXPECT_FALSE(refused.message.empty());
  EXPECT_EQ(foreign("SELECT count(*) FROM entries", "-readonly"), "2\n");
  foreign("UPDATE roots SET root = x'00'");
  EXPECT_EQ(reader()->tree_head()->size, 0U);
}

}  // namespace
}  // namespace autoheal::store
