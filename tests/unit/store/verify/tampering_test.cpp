// Somebody edits history by hand, makes every hash good again, has the key even: what shows, and against what.
#include <gmock/gmock.h>

#include "autoheal/store/audit/audit.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/forged_ledger.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::heal;
using ::testing::Not;

constexpr std::uint64_t commits = 400;
constexpr std::uint64_t kept_after = 150;

struct TamperingTest : testing::LedgerFixture {
  std::optional<SigningKey> key;
  std::string kept;  // a checkpoint that an auditor carried away early
  std::uint64_t kept_size = 0, size = 0;

  // Streams of three entries each, and a long one; signed now and then.
  void SetUp() override {
    const auto ledger = open();
    key.emplace(testing::signing_key(ledger->id()));
    for (std::uint64_t commit = 1; commit <= commits; ++commit) {
      const std::string data = "{\"n\":" + std::to_string(commit) + "}";
      append(*ledger, "ledger", commit - 1, {entry("node.heartbeat", data)});
      append(*ledger, "selftest/" + std::to_string(commit), 0, {entry("selftest.started", data), entry("a", data)},
             engine::StreamLife::ends);
      if (commit % 50 == 0) (void)testing::sign_head(*ledger, path, *key);
      if (commit == kept_after) {
        kept = ledger->newest_checkpoint()->value().note;
        kept_size = ledger->tree_head().size;
      }
    }
    size = ledger->tree_head().size;
  }

  VerifyReport verified(const VerifyOptions& options = {}) const {
    auto report = verify_ledger(path, options);
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : VerifyReport();
  }
  VerifyOptions against_kept(bool only_after = false) const {
    VerifyOptions options;
    options.keys.push_back(key->verifier());
    options.kept = KeptCheckpoint{kept, only_after};
    return options;
  }
  static std::string text_of(const VerifyReport& report) {
    std::string text;
    for (const auto& problem : report.problems) text += problem + "\n";
    return text;
  }
  // The faults after `sql`; then all is as before.
  VerifyReport after(const std::string& sql) {
    const auto copy = folder / "before.db";
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(foreign(sql), "");
    auto report = verified();
    std::filesystem::remove(path.string() + "-wal");
    std::filesystem::remove(path.string() + "-shm");
    std::filesystem::rename(copy, path);
    return report;
  }
};

TEST_F(TamperingTest, TheUntouchedOneVerifiesInEveryWay) {
  EXPECT_EQ(text_of(verified()), "");
  EXPECT_EQ(text_of(verified({.threads = 3})), "");
  EXPECT_EQ(text_of(verified(against_kept())), "");
  const auto since = verified(against_kept(true));
  EXPECT_EQ(text_of(since), "");
  EXPECT_EQ(since.read, size - kept_size);
  EXPECT_EQ(since.kept, kept_size);
}

TEST_F(TamperingTest, Case99_EditDeleteInsertSwapAndRepeatNameTheFirstBadEntry) {
  struct Deed {
    std::string sql;
    std::uint64_t first_bad;
    std::string told;
  };
  const Deed deeds[] = {
      {"UPDATE entries SET data = '{}' WHERE seq = 700", 700, "entry 700 is not what was written"},
      {"UPDATE entries SET actor = 'eve' WHERE seq IN (300, 900)", 300, "entry 900 is not what was written"},
      {"DELETE FROM entries WHERE seq = 258", 258, "entry 258 is missing"},
      {"DELETE FROM entries WHERE seq BETWEEN 258 AND 260", 258, "entries 258 to 260 are missing"},
      {"UPDATE entries SET seq = -1 WHERE seq = 41; UPDATE entries SET seq = 41 WHERE seq = 44;"
       "UPDATE entries SET seq = 44 WHERE seq = -1",
       41, "entry 44 is not what was written"},
      {"INSERT INTO entries SELECT 1201, 'another', 1, type, dataversion, time, actor, engine, data FROM entries "
       "WHERE seq = 600",
       1201, "entry 1201 has no root"},
      {"INSERT INTO entries SELECT 0, 'another', 1, type, dataversion, time, actor, engine, data FROM entries "
       "WHERE seq = 600",
       0, "entry 0 stands where none can be"},
      {"UPDATE entries SET stream = 'another' WHERE seq = 1200", 1200, "entry 1200 is not what was written"}};
  for (const Deed& deed : deeds) {
    const auto report = after(deed.sql);
    EXPECT_FALSE(report.sound()) << deed.sql;
    EXPECT_EQ(report.first_bad.value_or(0), deed.first_bad) << deed.sql << text_of(report);
    EXPECT_THAT(text_of(report), HasSubstr(deed.told)) << deed.sql;
  }
  EXPECT_TRUE(verified().sound());
}

TEST_F(TamperingTest, Case99_CutOffAtTheEndShowsInWhatWasSigned) {
  EXPECT_EQ(foreign("DELETE FROM entries WHERE seq > 1000"), "");
  const auto cut = verified();
  EXPECT_EQ(cut.first_bad, 1001U);
  EXPECT_THAT(text_of(cut), HasSubstr("entries 1001 to 1200 are missing"));
  // The tree cut off with them, and the later checkpoints.
  testing::forge_hashes(path);
  EXPECT_EQ(foreign("DELETE FROM checkpoints WHERE size > 1000"), "");
  const auto forged = verified();
  EXPECT_EQ(forged.first_bad, 1001U);
  EXPECT_THAT(text_of(forged),
              AllOf(HasSubstr("entries 1001 to 1200 are missing"), HasSubstr("was cut off, or put back")));
  // The newest signed head is taken away, too: only its absence is left to find.
  std::filesystem::remove(path.string() + ".signed");
  const auto alone = verified();
  EXPECT_EQ(text_of(alone), "");
  EXPECT_THAT(alone.warnings, ::testing::Contains(HasSubstr(".signed is missing")));
}

TEST_F(TamperingTest, Case99_AllRewrittenWithGoodHashesButWithoutTheKey) {
  EXPECT_EQ(foreign("UPDATE entries SET data = '{}' WHERE seq = 700"), "");
  testing::forge_hashes(path);
  const auto report = verified();
  EXPECT_THAT(text_of(report), HasSubstr("the first that was changed is one of entries 601 to 750"));
  EXPECT_THAT(text_of(report), Not(HasSubstr("is not what was written")));  // the hashes are good
  // Signed with a key of one's own: the ledger names it then, who kept the old one sees it.
  const auto own = testing::signing_key(reader()->id(), 2);
  testing::forge_signatures(path, own);
  EXPECT_THAT(text_of(verified()), HasSubstr("does not verify"));
  EXPECT_EQ(foreign("UPDATE meta SET value = '" + own.verifier().text() + "' WHERE name = 'verifier_key'"), "");
  EXPECT_EQ(text_of(verified()), "");
  EXPECT_THAT(text_of(verified({.keys = {key->verifier()}})), HasSubstr("not signed by the given key"));
}

TEST_F(TamperingTest, Case99_ADroppedEntryWithAllNumbersMadeGoodAgain) {
  EXPECT_EQ(foreign("DELETE FROM entries WHERE seq = 500"), "");
  testing::forge_hashes(path, true);
  const auto report = verified();
  EXPECT_THAT(text_of(report), AllOf(HasSubstr("one of entries 451 to 600"), HasSubstr("entry 1200 is missing")));
}

TEST_F(TamperingTest, Case100_RewrittenWithTheKeyShowsAgainstACheckpointThatWasKept) {
  EXPECT_EQ(foreign("UPDATE entries SET data = '{}' WHERE seq = 200"), "");
  testing::forge_hashes(path);
  testing::forge_signatures(path, *key);
  EXPECT_EQ(text_of(verified()), "");  // good in itself
  EXPECT_THAT(text_of(verified(against_kept())),
              HasSubstr("the first 450 entries are not those of the given checkpoint"));
  EXPECT_THAT(text_of(verified(against_kept(true))), HasSubstr("are not those of the given checkpoint"));
}

TEST_F(TamperingTest, Case100_CutOffWithTheKeyShowsAgainstACheckpointThatWasKept) {
  EXPECT_EQ(foreign("DELETE FROM entries WHERE seq > 300"), "");
  testing::forge_hashes(path);
  testing::forge_signatures(path, *key);
  EXPECT_EQ(text_of(verified()), "");
  const auto report = verified(against_kept());
  EXPECT_EQ(report.first_bad, 301U);
  EXPECT_THAT(text_of(report), HasSubstr("entries 301 to 450 are missing"));
}

TEST_F(TamperingTest, Case101_ACheckpointThatIsNotTheLedgersOwnIsRefused) {
  const std::pair<std::string, std::string> deeds[] = {
      {"UPDATE checkpoints SET note = replace(note, char(10) || '750' || char(10), char(10) || '751' || char(10)) "
       "WHERE size = 750",
       "the checkpoint of 750 entries does not verify"},
      {"UPDATE checkpoints SET size = 760 WHERE size = 750", "the checkpoint of 760 entries is one of 750 entries"},
      {"UPDATE checkpoints SET size = 5000 WHERE size = 1200", "the checkpoint of 5000 entries"},
      {"UPDATE checkpoints SET note = '' WHERE size = 600", "the checkpoint of 600 entries does not verify"}};
  for (const auto& [sql, told] : deeds) EXPECT_THAT(text_of(after(sql)), HasSubstr(told)) << sql;
  // A kept one of another key or origin is no measure at all: an error, not a verdict.
  auto options = against_kept();
  options.keys = {testing::signing_key(reader()->id(), 2).verifier()};
  EXPECT_FALSE(verify_ledger(path, options));
  options = against_kept();
  options.kept->note[options.kept->note.size() - 10] ^= 1;
  EXPECT_FALSE(verify_ledger(path, options));
}

TEST_F(TamperingTest, Case103_OrderIsByNumberAloneAndTimesMayRunBackwards) {
  auto back = entry("a");
  back.time -= std::chrono::hours(24 * 365);
  auto ahead = entry("a");
  ahead.time += std::chrono::hours(24 * 365);
  const auto ledger = open();
  append(*ledger, "clock", 0, {ahead, back, back});
  (void)testing::sign_head(*ledger, path, *key);
  EXPECT_EQ(text_of(verified()), "");
  std::vector<Timestamp> shown;
  EXPECT_TRUE(export_lines(*ledger, {{1200}, {}}, [&](std::string_view, const engine::Entry& one) {
    shown.push_back(one.time);
    return true;
  }));
  EXPECT_EQ(shown, (std::vector<Timestamp>{ahead.time, back.time, back.time}));
}

TEST_F(TamperingTest, Case119_OddMomentsAreKeptInTheirFormFoundAndVerified) {
  const std::vector<std::string> moments = {"1901-12-13T20:45:51.999999Z", "1969-12-31T23:59:59.999999Z",
                                            "1970-01-01T00:00:00.000000Z", "2016-12-31T23:59:59.999999Z",
                                            "2038-01-19T03:14:07.999999Z", "2038-01-19T03:14:08.000000Z",
                                            "2106-02-07T06:28:16.000000Z", "2232-01-01T00:00:00.000000Z"};
  std::vector<engine::NewEntry> odd;
  for (const std::string& moment : moments) {
    odd.push_back(entry("a"));
    odd.back().time = *parse_timestamp(moment);
  }
  const auto ledger = open();
  append(*ledger, "clock", 0, odd);
  (void)testing::sign_head(*ledger, path, *key);
  EXPECT_EQ(text_of(verified()), "");
  std::size_t shown = 0;
  EXPECT_TRUE(export_lines(*ledger, {{1200}, {}}, [&](std::string_view line, const engine::Entry& one) {
    EXPECT_EQ(format_timestamp(one.time), moments.at(shown));
    EXPECT_THAT(std::string(line), HasSubstr("\"" + moments.at(shown) + "\""));
    ++shown;
    return true;
  }));
  EXPECT_EQ(shown, moments.size());
  // Asked for by time, each is found and nothing beside it.
  const auto read = reader();
  for (const std::string& moment : moments) {
    EntryFilter filter;
    filter.stream = "clock";
    filter.since = *parse_timestamp(moment);
    filter.until = *filter.since + Duration(1);
    const auto found = Audit(*read).entries(filter, {}, [](const engine::Entry&) { return true; });
    EXPECT_EQ(found.value_or(0), 1U) << moment;
  }
}

TEST_F(TamperingTest, Case104_WhatWasDoneToTheSchemaByHandIsTold) {
  const std::pair<std::string, std::string> deeds[] = {
      {"CREATE TRIGGER quiet AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE seq = new.seq; END",
       "\"trigger quiet\" was added"},
      {"CREATE TABLE notes(text)", "\"table notes\" was added"},
      {"DROP VIEW audit_heals", "view audit_heals is missing"},
      {"DROP INDEX entries_by_stream", "index entries_by_stream is missing"},
      {"DROP VIEW audit_certificates; CREATE VIEW audit_certificates AS SELECT 1",
       "view audit_certificates is not what"},
      {"ALTER TABLE entries ADD COLUMN note", "table entries is not what"},
      {"DROP TABLE tiles", "table tiles is missing"},
      {"DELETE FROM tiles WHERE tile = 2", "tile 2 of level 0 is missing"},
      {"DELETE FROM roots WHERE size = 1200", "are missing"},
      {"INSERT INTO roots VALUES (5000, x'00')", "missing"},
      {"INSERT INTO tiles VALUES (77, zeroblob(8192))", "tile 77 of level 0 is beyond the last entry"},
      {"UPDATE tiles SET hashes = hashes || x'00' WHERE tile = 1", "has another size than a tile"},
      {"UPDATE roots SET root = zeroblob(32) WHERE size = 301", "root of the first 301 entries"},
      {"UPDATE tiles SET hashes = CAST(substr(hashes, 1, 8160) || zeroblob(31) || x'01' AS BLOB) WHERE tile = 4",
       "holds hashes beyond the last entry"}};
  for (const auto& [sql, told] : deeds) {
    const auto report = after(sql);
    EXPECT_FALSE(report.sound()) << sql;
    EXPECT_THAT(text_of(report), HasSubstr(told)) << sql;
  }
}

TEST_F(TamperingTest, AChangedTileIsToldFromAChangedEntry) {
  const auto report = after(
      "UPDATE tiles SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) || substr(hashes, 65) AS BLOB) "
      "WHERE tile = 1");
  EXPECT_THAT(text_of(report), HasSubstr("tile 1 of level 0 was changed: it holds another hash for entry 258"));
  EXPECT_THAT(text_of(report), Not(HasSubstr("is not what was written")));
}

TEST_F(TamperingTest, Case107_ReadingStopsAtTheFirstEntryThatDoesNotVerify) {
  EXPECT_EQ(foreign("UPDATE entries SET data = '{}' WHERE seq = 50"), "");
  const auto read = reader();
  EXPECT_EQ(read->read_all({}, 49)->entries.size(), 49U);
  EXPECT_THAT(read->read_all({}, 60).error().message, HasSubstr("entry 50 is not what was written"));
}

}  // namespace
}  // namespace autoheal::store
