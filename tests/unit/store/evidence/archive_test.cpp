// Entries that may leave the ledger, the way they leave it, and that everything about them can still be proved.
#include "autoheal/store/archive/archive_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::Position;

Position at(std::uint64_t value) { return {value}; }

ArchiveBounds bounds(std::uint64_t archived, std::uint64_t limit, std::vector<StreamSpan> spans) {
  return {at(archived), at(limit), at(limit), std::move(spans)};
}

TEST(LongestPrefix, EndsAtTheLimitWhereNothingCrossesIt) {
  EXPECT_EQ(longest_prefix(bounds(0, 10, {})).last, at(10));
  EXPECT_EQ(longest_prefix(bounds(0, 10, {{"a", at(1), at(4)}, {"b", at(5), at(10)}})).last, at(10));
}

TEST(LongestPrefix, EndsBeforeAStreamThatGoesOn) {
  const auto prefix = longest_prefix(bounds(0, 10, {{"a", at(1), at(4)}, {"b", at(5), at(11)}}));
  EXPECT_EQ(prefix.last, at(4));
  EXPECT_EQ(prefix.ended_before, std::vector<std::string>{"b"});
}

TEST(LongestPrefix, OneThatCrossesTheNewEndMovesItAgain) {
  const auto prefix = longest_prefix(
      bounds(2, 10, {{"c", at(8), at(12)}, {"b", at(6), at(8)}, {"a", at(4), at(7)}, {"z", at(3), at(3)}}));
  EXPECT_EQ(prefix.last, at(3));
  EXPECT_EQ(prefix.ended_before, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(LongestPrefix, Case105_AnOpenHealStaysWithAllThatCameAfterIt) {
  const auto prefix = longest_prefix(bounds(0, 10, {{"a", at(1), at(2)}, {"open", at(3), {}, true}}));
  EXPECT_EQ(prefix.last, at(2));
  EXPECT_EQ(longest_prefix(bounds(0, 10, {{"open", at(1), {}, true}})).last, at(0));
}

TEST(LongestPrefix, NeverGoesBackBeforeWhatWasArchivedNorBeyondWhoStillReads) {
  EXPECT_EQ(longest_prefix(bounds(5, 9, {{"a", at(6), at(10)}})).last, at(5));
  EXPECT_EQ(longest_prefix(bounds(5, 3, {})).last, at(5));
  ArchiveBounds behind = bounds(0, 9, {});
  behind.unread = at(4);
  EXPECT_EQ(longest_prefix(behind).last, at(4));
}

// Against the definition, tried place by place.
TEST(LongestPrefix, IsTheLongestOneOfAnyLedger) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<StreamSpan> spans;
    const std::uint64_t size = 1 + random() % 30;
    for (auto stream = random() % 12; stream > 0; --stream) {
      const std::uint64_t first = 1 + random() % size;
      spans.push_back({std::to_string(stream), at(first), at(first + random() % 8), random() % 20 == 0});
    }
    const std::uint64_t limit = random() % (size + 1);
    std::uint64_t longest = 0;
    for (std::uint64_t last = 1; last <= limit; ++last) {
      const bool crossed = std::ranges::any_of(spans, [&](const StreamSpan& span) {
        return span.first.value <= last && (span.open || span.last.value > last);
      });
      if (!crossed) longest = last;
    }
    ASSERT_EQ(longest_prefix(bounds(0, limit, spans)).last, at(longest)) << "round " << round;
  }
}

class Archive : public autoheal::testing::LedgerFixture {
 protected:
  // Six entries: two streams that ended, two loose entries between them.
  std::unique_ptr<SqliteLedger> six() {
    auto ledger = open();
    append(*ledger, "one", 0, {entry("heal.triggered"), entry("heal.completed")}, engine::StreamLife::ends);
    append(*ledger, "ledger", 0, {entry("node.started"), entry("config.loaded")}, engine::StreamLife::ends);
    append(*ledger, "two", 0, {entry("heal.triggered", R"({"x":"a \" b"})"), entry("heal.completed")},
           engine::StreamLife::ends);
    return ledger;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    const auto ledger = reader();
    const auto page = ledger->read_all({}, 10'000);
    for (const auto& one : page->entries) all.push_back(leaf_line(ledger->id(), one));
    return all;
  }
  ArchiveFile write(std::uint64_t first, std::uint64_t last, const std::vector<std::string>& all) const {
    const auto ledger = reader();
    auto writer =
        ArchiveWriter::create(file, {ledger->id(), first, last, *root_of(*ledger->hashes(), last)}, "key", "note");
    EXPECT_TRUE(writer) << writer.error().message;
    for (std::uint64_t seq = first; seq <= last; ++seq) EXPECT_TRUE((*writer)->entry(all[seq - 1]));
    EXPECT_TRUE((*writer)->blob(sha256_name("content"), "content"));
    const auto facts = (*writer)->finish();
    EXPECT_TRUE(facts) << facts.error().message;
    return facts.value_or(ArchiveFile());
  }
  std::filesystem::path file = folder / "old.tar.gz";
};

TEST_F(Archive, GivesBackWhatWasWrittenAndStrangersOpenItWithTar) {
  six();
  const auto all = lines();
  const ArchiveFile facts = write(1, 4, all);
  EXPECT_EQ(facts.bytes, std::filesystem::file_size(file));
  struct stat seen{};
  ASSERT_EQ(::stat(file.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
  std::vector<std::string> read, blobs;
  const auto ledger = reader();
  const auto part = read_archive(file, *ledger,
                                 {[&](std::uint64_t seq, std::string_view line) -> Result<void> {
                                    EXPECT_EQ(seq, read.size() + 1);
                                    read.emplace_back(line);
                                    return {};
                                  },
                                  [&](const engine::BlobName& name, std::string_view content) -> Result<void> {
                                    blobs.push_back(name + "=" + std::string(content));
                                    return {};
                                  }});
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->last, 4U);
  EXPECT_EQ(read, std::vector<std::string>(all.begin(), all.begin() + 4));
  EXPECT_EQ(blobs, std::vector<std::string>{sha256_name("content") + "=content"});
  const std::string unpacked = (folder / "unpacked").string();
  const std::string command = "mkdir " + unpacked + " && tar xzf " + file.string() + " -C " + unpacked + " && cat " +
                              unpacked + "/entries/* | wc -l > " + unpacked + "/count";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream count(unpacked + "/count");
  int number = 0;
  count >> number;
  EXPECT_EQ(number, 4);
}

TEST_F(Archive, NeverReplacesAFileAndLeavesNothingWhereItWasNotFinished) {
  six();
  const auto all = lines();
  const auto ledger = reader();
  const ArchivedPart part{ledger->id(), 1, 2, *root_of(*ledger->hashes(), 2)};
  {
    ASSERT_TRUE(ArchiveWriter::create(file, part, "key", "note"));
  }
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
  EXPECT_FALSE(std::filesystem::exists(file));
  std::ofstream(file) << "mine";
  const auto refused = ArchiveWriter::create(file, part, "key", "note");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
}

TEST_F(Archive, Case105_AChangedLineAnotherLedgerOrAnotherRangeIsFoundByTheTree) {
  six();
  auto all = lines();
  const auto ledger = reader();
  const auto outcome = [&] {
    const auto read = read_archive(file, *ledger, {});
    return read ? std::string("sound") : read.error().message;
  };
  std::string good = all[2];
  all[2][all[2].find("ops")] = 'O';
  write(1, 4, all);
  EXPECT_NE(outcome().find("entry 3 does not match its hash"), std::string::npos) << outcome();
  std::filesystem::remove(file);
  all[2] = good;
  write(1, 4, all);
  EXPECT_EQ(outcome(), "sound");
  // Half of it, then anything else.
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_NE(outcome(), "sound");
  std::ofstream(file) << "no archive at all";
  EXPECT_NE(outcome(), "sound");
}

TEST_F(Archive, DroppedRowsKeepHashesProofsAndNumbers) {
  auto ledger = six();
  const TreeHead head = ledger->tree_head();
  const auto all = lines();
  const Position kept[] = {at(4)};
  ASSERT_TRUE(ledger->drop_entries(at(4), kept));
  EXPECT_EQ(*ledger->archived(), at(4));
  EXPECT_EQ(foreign("SELECT group_concat(seq) FROM entries"), "4,5,6\n");
  EXPECT_EQ(ledger->tree_head(), head);
  for (std::uint64_t seq = 1; seq <= 6; ++seq) {
    const auto proof = inclusion_proof(ledger->hashes(), seq - 1, 6);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(inclusion_holds(seq - 1, leaf_hash(all[seq - 1]), head, *proof)) << seq;
  }
  // The versions of what stayed go on, after another start, too.
  ledger.reset();
  ledger = open();
  EXPECT_EQ(append(*ledger, "ledger", 2, {entry("node.stopped")}, engine::StreamLife::ends).status,
            engine::AppendStatus::ok);
  EXPECT_EQ(ledger->tree_head().size, 7U);
  // All of it, with nothing that stays: the numbers go on.
  ASSERT_TRUE(ledger->drop_entries(at(7), {}));
  ledger.reset();
  ledger = open();
  EXPECT_EQ(append(*ledger, "three", 0, {entry("heal.triggered")}).head, at(8));
}

TEST_F(Archive, BoundsComeFromTheRows) {
  auto ledger = six();
  append(*ledger, "open", 0, {entry("heal.triggered")});
  const auto all = reader()->archive_bounds(Timestamp::max(), "ledger");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->limit, at(7));
  const auto prefix = longest_prefix(*all);
  EXPECT_EQ(prefix.last, at(6));
  EXPECT_EQ(prefix.ended_before, std::vector<std::string>{"open"});
  EXPECT_EQ(longest_prefix(*reader()->archive_bounds(Timestamp(), "ledger")).last, at(0));
}

TEST_F(Archive, ABlobThatWasPutAgainIsNotTakenAway) {
  const auto vault = Vault::open(folder / "vault", {}, VaultAccess::create);
  ASSERT_TRUE(vault);
  const auto name = *(*vault)->put("content", engine::BlobNaming::plain);
  EXPECT_FALSE(*(*vault)->remove(name, std::chrono::hours(1)));
  const std::string blob = (folder / "vault" / name.substr(7, 2)).string() + "/sha256-" + name.substr(7);
  const timespec old[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, blob.c_str(), old, 0), 0);
  EXPECT_EQ(*(*vault)->put("content", engine::BlobNaming::plain), name);
  EXPECT_FALSE(*(*vault)->remove(name, std::chrono::hours(1))) << "an entry may be about to name it";
  ASSERT_EQ(::utimensat(AT_FDCWD, blob.c_str(), old, 0), 0);
  EXPECT_EQ((*vault)->list()->size(), 1U);
  EXPECT_TRUE(*(*vault)->remove(name, std::chrono::hours(1)));
  EXPECT_TRUE((*vault)->list()->empty());
  EXPECT_EQ(*(*vault)->put("content", engine::BlobNaming::plain), name);
  EXPECT_TRUE((*vault)->get(name));
}

}  // namespace
}  // namespace autoheal::store
