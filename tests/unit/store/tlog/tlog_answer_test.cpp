// A ledger as anybody follows it who knows nothing but tiles: what is signed, all of that and nothing else.
#include "autoheal/store/tlog/tlog_answer.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::sign_head;
using ::testing::HasSubstr;
using ::testing::Not;

class TiledLog : public autoheal::testing::LedgerFixture {
 protected:
  void grow(std::uint64_t count) {
    std::vector<engine::NewEntry> entries;
    for (std::uint64_t one = 0; one < count; ++one)
      entries.push_back(entry("node.heartbeat", "{\"n\":" + std::to_string(version_ + one) + "}"));
    ASSERT_EQ(append(*ledger_, "ledger", version_, std::move(entries), engine::StreamLife::ends).status,
              engine::AppendStatus::ok);
    version_ += count;
  }
  std::string sign() { return sign_head(*ledger_, path, key_); }

  Result<TlogAnswer> asked(const std::string& name) const { return tlog_answer(*reader(), "/tlog/" + name); }
  std::string body(const std::string& name) const {
    const auto answer = asked(name);
    EXPECT_TRUE(answer) << name << ": " << answer.error().message;
    return answer ? answer->body : std::string();
  }
  ErrorKind refusal(const std::string& name) const {
    const auto answer = asked(name);
    EXPECT_FALSE(answer) << name;
    return answer ? ErrorKind::fatal : answer.error().kind;
  }
  std::vector<std::string> leaves() const {
    std::vector<std::string> all;
    const auto from = reader();
    const auto page = from->read_all({}, 10'000);
    for (const auto& one : page->entries) all.push_back(leaf_line(from->id(), one));
    return all;
  }
  // The hashes of the subtrees of 256^level leaves [from, to), as a log of these leaves computes them itself.
  static std::string hashes(const std::vector<std::string>& leaves, unsigned level, std::size_t from, std::size_t to) {
    std::string bytes;
    const std::size_t each = std::size_t{1} << (8U * level);
    for (std::size_t at = from; at < to; ++at) {
      GrowingTree tree;
      for (std::size_t leaf = at * each; leaf < (at + 1) * each; ++leaf) tree.append(leaf_hash(leaves.at(leaf)));
      bytes += view_of(tree.root());
    }
    return bytes;
  }
  static std::string bundle(const std::vector<std::string>& leaves, std::size_t from, std::size_t to) {
    std::string bytes;
    for (std::size_t at = from; at < to; ++at) {
      bytes += static_cast<char>(leaves.at(at).size() / 256);
      bytes += static_cast<char>(leaves.at(at).size() % 256);
      bytes += leaves.at(at);
    }
    return bytes;
  }
  // As `ledger archive` leaves it: the lines in a file, an entry that names it, the rows gone but those of `keep`.
  void archive(const std::vector<std::string>& all, std::uint64_t first, std::uint64_t last,
               std::vector<engine::Position> keep = {}) {
    const auto from = reader();
    const std::string file = folder / ("old-" + std::to_string(first));
    auto writer =
        ArchiveWriter::create(file, {from->id(), first, last, *root_of(*from->hashes(), last)}, "key", "note");
    for (std::uint64_t seq = first; seq <= last; ++seq) ASSERT_TRUE((*writer)->entry(all.at(seq - 1)));
    ASSERT_TRUE((*writer)->finish());
    const std::string range = "{\"first\":" + std::to_string(first) + ",\"last\":" + std::to_string(last);
    ASSERT_EQ(append(*ledger_, "ledger", version_++, {entry("ledger.archived", range + ",\"file\":\"" + file + "\"}")},
                     engine::StreamLife::ends)
                  .status,
              engine::AppendStatus::ok);
    ASSERT_TRUE(ledger_->drop_entries({last}, keep));
  }

  std::unique_ptr<SqliteLedger> ledger_ = open();
  SigningKey key_ = autoheal::testing::signing_key(ledger_->id());
  std::uint64_t version_ = 0;
};

TEST_F(TiledLog, HasNothingBeforeAnythingIsSigned) {
  grow(3);
  for (const char* name : {"checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"})
    EXPECT_EQ(refusal(name), ErrorKind::not_found) << name;
  EXPECT_EQ(refusal("tile/0/0"), ErrorKind::invalid);
}

TEST_F(TiledLog, WhereNoLedgerIsNothingIsSigned) {
  const auto nowhere = LedgerReader::open(folder / "none.db");
  ASSERT_TRUE(nowhere);
  EXPECT_EQ(tlog_answer(**nowhere, "/tlog/checkpoint").error().kind, ErrorKind::not_found);
}

TEST_F(TiledLog, TheNewestCheckpointIsGivenByteForByteAndIsShortLived) {
  grow(3);
  sign();
  grow(2);
  const std::string note = sign();
  const auto answer = asked("checkpoint");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, note);
  EXPECT_EQ(answer->content_type, "text/plain; charset=utf-8");
  EXPECT_LE(answer->fresh_for, std::chrono::seconds(5));
  EXPECT_FALSE(answer->is_immutable);
}

TEST_F(TiledLog, TilesAreTheHashesThatTheLeavesHave) {
  grow(600);
  sign();
  const auto all = leaves();
  EXPECT_EQ(body("tile/0/000"), hashes(all, 0, 0, 256));
  EXPECT_EQ(body("tile/0/001"), hashes(all, 0, 256, 512));
  EXPECT_EQ(body("tile/0/002.p/88"), hashes(all, 0, 512, 600));
  EXPECT_EQ(body("tile/1/000.p/2"), hashes(all, 1, 0, 2));
  EXPECT_EQ(body("tile/0/000").size(), 8192U);
  for (const char* beyond :
       {"tile/0/002", "tile/0/002.p/89", "tile/0/003.p/1", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1",
        "tile/8/000.p/1", "tile/63/000.p/1", "tile/0/x999/x999/x999/x999/x999/999"})
    EXPECT_EQ(refusal(beyond), ErrorKind::not_found) << beyond;
}

TEST_F(TiledLog, BundlesAreTheLeavesEachAfterItsLength) {
  grow(300);
  sign();
  const auto all = leaves();
  EXPECT_EQ(body("tile/entries/000"), bundle(all, 0, 256));
  EXPECT_EQ(body("tile/entries/001.p/44"), bundle(all, 256, 300));
  for (const char* beyond : {"tile/entries/001", "tile/entries/001.p/45", "tile/entries/002.p/1",
                             "tile/entries/x999/x999/x999/x999/x999/999"})
    EXPECT_EQ(refusal(beyond), ErrorKind::not_found) << beyond;
}

TEST_F(TiledLog, WhatIsNotYetSignedIsNotGivenOut) {
  grow(256);
  sign();
  grow(256);
  EXPECT_EQ(refusal("tile/0/001"), ErrorKind::not_found);
  EXPECT_EQ(refusal("tile/0/001.p/1"), ErrorKind::not_found);
  EXPECT_EQ(refusal("tile/entries/001.p/1"), ErrorKind::not_found);
  EXPECT_EQ(body("tile/1/000.p/1"), hashes(leaves(), 1, 0, 1));
  sign();
  EXPECT_EQ(body("tile/entries/001"), bundle(leaves(), 256, 512));
}

TEST_F(TiledLog, AFullTileMayBeKeptForEverAndAPartialOneNot) {
  grow(257);
  sign();
  for (const char* full : {"tile/0/000", "tile/entries/000"}) {
    EXPECT_TRUE(asked(full)->is_immutable) << full;
    EXPECT_GE(asked(full)->fresh_for, std::chrono::hours(24 * 365));
    EXPECT_EQ(asked(full)->content_type, "application/octet-stream");
  }
  for (const char* partial : {"tile/0/001.p/1", "tile/0/000.p/9", "tile/1/000.p/1", "tile/entries/001.p/1"}) {
    EXPECT_FALSE(asked(partial)->is_immutable) << partial;
    EXPECT_LE(asked(partial)->fresh_for, std::chrono::minutes(5));
  }
}

TEST_F(TiledLog, ArchivedEntriesComeOutOfTheirFiles) {
  grow(290);
  sign();
  const auto all = leaves();
  archive(all, 1, 100);
  archive(all, 101, 270, {{150}, {255}});
  EXPECT_EQ(body("tile/entries/000"), bundle(all, 0, 256)) << "of two files, and rows that stayed";
  EXPECT_EQ(body("tile/entries/001.p/34"), bundle(all, 256, 290)) << "of a file and of rows";
  EXPECT_EQ(body("tile/entries/000.p/7"), bundle(all, 0, 7));
  EXPECT_EQ(body("tile/0/000"), hashes(all, 0, 0, 256)) << "hashes stay";
}

TEST_F(TiledLog, AnArchiveThatIsGoneIsSaidToBe) {
  grow(290);
  sign();
  archive(leaves(), 1, 270);
  const auto file = folder / "old-1";
  std::filesystem::rename(file, folder / "elsewhere");
  const auto gone = asked("tile/entries/000");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::not_found);
  EXPECT_THAT(gone.error().message, HasSubstr("entries 1 to 270 were archived"));
  EXPECT_THAT(gone.error().message, Not(HasSubstr(file.string())));
  EXPECT_EQ(body("tile/0/000").size(), 8192U);
  // Neither is a link followed nor a pipe waited for.
  std::filesystem::create_symlink(folder / "elsewhere", file);
  EXPECT_FALSE(asked("tile/entries/000"));
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(refusal("tile/entries/000"), ErrorKind::not_found);
  std::filesystem::remove(file);
  std::filesystem::rename(folder / "elsewhere", file);
  EXPECT_TRUE(asked("tile/entries/000"));
}

TEST_F(TiledLog, AnEntryThatSomebodyChangedIsNotGivenOut) {
  grow(10);
  sign();
  foreign("UPDATE entries SET data = '{\"n\":77}' WHERE seq = 7");
  EXPECT_EQ(refusal("tile/entries/000.p/10"), ErrorKind::corrupt);
  EXPECT_TRUE(asked("tile/entries/000.p/6"));
}

TEST_F(TiledLog, ACheckpointOfAnotherTreeIsNotGivenOut) {
  grow(10);
  sign();
  foreign("UPDATE checkpoints SET size = 9");
  EXPECT_EQ(refusal("checkpoint"), ErrorKind::corrupt);
}

TEST_F(TiledLog, TheLargestEntryThatIsEverRecordedFitsIntoABundle) {
  std::vector<engine::NewEntry> entries{entry("a", "\"" + std::string(32 * 1024 - 2, 'x') + "\"")};
  entries.front().actor = std::string(255, '\x1f');  // six bytes each where it is quoted
  entries.front().subject = std::string(255, '\x80');
  ASSERT_EQ(append(*ledger_, "ledger", 0, entries, engine::StreamLife::ends).status, engine::AppendStatus::ok);
  sign();
  EXPECT_EQ(body("tile/entries/000.p/1"), bundle(leaves(), 0, 1));
  EXPECT_LT(leaves().front().size(), largest_leaf_bytes * 3 / 5);
}

using TiledLogDeathTest = TiledLog;

TEST_F(TiledLogDeathTest, AnEntryThatNoBundleCouldHoldIsABugOfTheCaller) {
  const std::vector<engine::NewEntry> entries{entry("a", "\"" + std::string(largest_leaf_bytes, 'x') + "\"")};
  EXPECT_DEATH((void)append(*ledger_, "ledger", 0, entries), "leaf_.size");
}

}  // namespace
}  // namespace autoheal::store
