// A ledger that is damaged at one place: verification says at which, and what was there.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <fstream>

#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/forged_ledger.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::NewEntry;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::heal;
using ::testing::Not;
namespace fs = std::filesystem;

struct DamageTest : testing::LedgerFixture {
  std::optional<SigningKey> key;

  // Two whole tiles and a part of one, in commits of ten, signed at 300 and at the end.
  static constexpr std::uint64_t size = 600, kept_size = 300;
  std::string kept;
  void SetUp() override {
    const auto ledger = open();
    key.emplace(testing::signing_key(ledger->id()));
    for (std::uint64_t at = 0; at < size; at += 10) {
      const std::string data = "{\"n\":" + std::to_string(at) + "}";
      append(*ledger, heal, at, std::vector<NewEntry>(10, entry("heal.step", data)));
      if (at + 10 == kept_size) kept = testing::sign_head(*ledger, path, *key);
    }
    (void)testing::sign_head(*ledger, path, *key);
  }

  static std::string text_of(const Result<VerifyReport>& report) {
    if (!report) return "error: " + report.error().message;
    std::string text;
    for (const auto& problem : report->problems) text += problem + "\n";
    return text;
  }
  std::string told(const VerifyOptions& options = {.threads = 1}) const {
    return text_of(verify_ledger(path, options));
  }
  // The report after `deed`; then all is as before.
  std::string after(const std::string& deed, const VerifyOptions& options = {.threads = 1}) {
    return after([&] { EXPECT_EQ(foreign(deed), "") << deed; }, options);
  }
  std::string after(const std::function<void()>& deed, const VerifyOptions& options = {.threads = 1}) {
    EXPECT_EQ(foreign("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0\n");
    const auto copy = folder / "before.db";
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    deed();
    std::string text = told(options);
    fs::remove(path.string() + "-wal");
    fs::remove(path.string() + "-shm");
    fs::rename(copy, path);
    return text;
  }
  VerifyOptions against_kept(bool only_after) const {
    VerifyOptions options;
    options.threads = 1;
    options.kept = KeptCheckpoint{kept, only_after};
    return options;
  }

  // Sets bytes in the file itself, behind SQLite's back.
  void overwrite(std::uint64_t offset, const std::string& bytes) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
    EXPECT_TRUE(file.good());
  }
  // Offset of each leaf page of a table or index, in the order of its rows.
  std::vector<std::uint64_t> leaves_of(const std::string& name) const {
    SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
    SQLite::Statement pages(database, "SELECT pgoffset FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path");
    pages.bind(1, name);
    std::vector<std::uint64_t> found;
    while (pages.executeStep()) found.push_back(static_cast<std::uint64_t>(pages.getColumn(0).getInt64()));
    return found;
  }
  static std::string hash_set(const std::string& where, unsigned slot, const std::string& bytes = "zeroblob(32)") {
    const std::string before = std::to_string(slot * 32), behind = std::to_string(slot * 32 + 33);
    return "UPDATE tiles SET hashes = CAST(substr(hashes, 1, " + before + ") || " + bytes + " || substr(hashes, " +
           behind + ") AS BLOB) WHERE " + where;
  }
};

constexpr char level_one[] = "tile = 1 << 48";
constexpr char other_hash[] = "CAST(x'0101010101010101010101010101010101010101010101010101010101010101' AS BLOB)";

// ---- tables

TEST_F(DamageTest, ToRowsAndTablesIsNamed) {
  const std::pair<std::string, std::string> deeds[] = {
      {"INSERT INTO tiles VALUES (-1, zeroblob(8192))", "there are tiles of no level"},
      {"DROP INDEX entries_by_stream; CREATE UNIQUE INDEX entries_by_stream ON entries(version, stream)",
       "the index entries_by_stream is not what autoheal makes"},
      {"UPDATE entries SET seq = 1000000000000 WHERE seq = 600; UPDATE roots SET size = 1000000000000 WHERE size = 600",
       "there is no room for it"},
      {"DELETE FROM entries WHERE seq = 600", "the root of all 599 entries is missing"},
      {"UPDATE tiles SET hashes = hashes || x'00' WHERE tile = 2", "tile 2 of level 0 has another size than a tile"},
      {"INSERT INTO open_streams VALUES (x'6162', 1)", "stream \\\"ab\\\" is listed as open, but has no entry"},
      {"UPDATE roots SET root = CAST(root AS TEXT) WHERE size = 20", "the root of the first 20 entries is not"},
      {"UPDATE roots SET root = x'00' WHERE size = 20", "the root of the first 20 entries is not"},
      {"DROP TABLE tiles; CREATE VIEW tiles AS SELECT 1 AS tile, x'00' AS hashes LIMIT 'many'",
       "the table tiles is missing"},
      {"DELETE FROM tiles WHERE tile = 1 << 48", "tile 0 of level 1 is missing, which is to hold entries 1 to 256"},
      {hash_set(level_one, 1, other_hash), "tile 0 of level 1 holds another hash than that of entries 257 to 512"},
      {hash_set("tile = 2", 87), "entry 600 has no hash in the tree: it was not written by autoheal"},
  };
  for (const auto& [deed, expected] : deeds) {
    std::string words = expected;
    std::erase(words, '\\');
    EXPECT_THAT(after(deed), HasSubstr(words)) << deed;
  }
  EXPECT_EQ(told(), "");
}

TEST_F(DamageTest, ToOneTileOrToSeveralRootsIsToldOnce) {
  const std::string both = after(hash_set(level_one, 0, other_hash) + "; " + hash_set(level_one, 1, other_hash));
  EXPECT_THAT(both, HasSubstr("tile 0 of level 1 holds another hash than that of entries 1 to 256"));
  EXPECT_THAT(both, Not(HasSubstr("that of entries 257 to 512")));
  const std::string roots = after("UPDATE roots SET root = zeroblob(32) WHERE size IN (20, 30)");
  EXPECT_THAT(roots, HasSubstr("the root of the first 20 entries"));
  EXPECT_THAT(roots, Not(HasSubstr("the root of the first 30 entries")));
}

// The level above is what tells a changed tile from a changed entry; without it the entry is what differs.
TEST_F(DamageTest, ToAnEntryAndToTheTileAboveItIsTheEntrys) {
  const std::string text = after("UPDATE entries SET data = '{}' WHERE seq = 5; " + hash_set(level_one, 0));
  EXPECT_THAT(text, HasSubstr("entry 5 is not what was written"));
}

TEST_F(DamageTest, ToMoreThanCanBeToldIsCounted) {
  ASSERT_EQ(foreign("UPDATE entries SET data = '[]' WHERE seq <= 250"), "");
  const auto report = verify_ledger(path, {.threads = 1});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problems.size(), 100U);
  EXPECT_GE(report->problem_count, 250U);
  EXPECT_EQ(report->first_bad, 1U);
}

// ---- indexes

TEST_F(DamageTest, ToAnIndexIsNamed) {
  EXPECT_THAT(after("UPDATE entries SET version = 601.5 WHERE seq = 600"), HasSubstr("entry 600: its version"));
  EXPECT_THAT(after("UPDATE entries SET stream = x'6162', version = 7 WHERE seq = 600"),
              HasSubstr("version 7 of stream \"ab\" follows version 0"));
  // One that is sorted another way than it says.
  const std::string disordered = after(
      "DROP INDEX entries_by_stream; CREATE UNIQUE INDEX entries_by_stream ON entries(stream DESC, version DESC); "
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
      "'CREATE UNIQUE INDEX entries_by_stream ON entries(stream, version)' WHERE name = 'entries_by_stream'");
  EXPECT_THAT(disordered, HasSubstr("the index entries_by_stream is out of order"));
  EXPECT_EQ(disordered.find("is out of order"), disordered.rfind("is out of order"));
}

TEST_F(DamageTest, ToTheFileIsNamedByWhatLiesThere) {
  const std::string garbage(4096, '\x05');
  EXPECT_THAT(after([&] { overwrite(leaves_of("entries_by_stream").back(), garbage); }),
              HasSubstr("the index entries_by_stream cannot be read"));
  EXPECT_THAT(after([&] { overwrite(leaves_of("entries").front(), garbage); }), HasSubstr("it cannot be read on"));
  EXPECT_THAT(after([&] { overwrite(leaves_of("entries").at(1), garbage); }), HasSubstr("cannot be read: database"));
  EXPECT_THAT(after([&] { overwrite(0, std::string(100, '\x05')); }), HasSubstr("it cannot be read on: file is not"));
  EXPECT_EQ(told(), "");
}

// The rows of one page in another order than that of their numbers.
TEST_F(DamageTest, ToTheOrderOfRowsIsNamed) {
  const std::string text = after([&] {
    const std::uint64_t page = leaves_of("entries").at(1);
    std::ifstream file(path, std::ios::binary);
    std::string pointers(4, '\0');
    file.seekg(static_cast<std::streamoff>(page + 8));
    file.read(pointers.data(), 4);
    overwrite(page + 8, pointers.substr(2) + pointers.substr(0, 2));
  });
  EXPECT_THAT(text, AllOf(HasSubstr("stands out of order"), HasSubstr("is missing")));
}

// Somebody made a column that fails for one row: SQLite has no word for damage there.
TEST_F(DamageTest, ToOneRowThatMakesItsRangeUnreadableLeavesTheRestToBeTold) {
  const std::string text = after([&] {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
    std::vector<std::string> indexes;
    SQLite::Statement made(database,
                           "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries' "
                           "AND sql IS NOT NULL");
    while (made.executeStep()) indexes.push_back(made.getColumn(0).getString());
    made.reset();
    database.exec(
        "PRAGMA legacy_alter_table = ON;"
        "CREATE TABLE other(seq INTEGER PRIMARY KEY, stream, version, type, dataversion, time, actor, engine, raw,"
        " data AS (CASE seq WHEN 3 THEN raw ELSE raw END));"
        "INSERT INTO other(seq, stream, version, type, dataversion, time, actor, engine, raw)"
        " SELECT seq, stream, version + 1, type, dataversion, time, actor, engine, data FROM entries;"
        "DROP TABLE entries; ALTER TABLE other RENAME TO entries");
    for (const std::string& sql : indexes) database.exec(sql);
    database.exec(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
        "replace(sql, 'THEN raw', 'THEN abs(-9223372036854775804 - seq - 1)') WHERE name = 'entries'");
  });
  EXPECT_THAT(text, AllOf(HasSubstr("the table entries is not what autoheal makes"),
                          HasSubstr("entries 1 to 600 cannot be read: integer overflow")));
  EXPECT_THAT(text, Not(HasSubstr("does not hold what the entries say"))) << "nobody knows what they say";
}

// ---- data in the vault

TEST_F(DamageTest, ToTheVaultIsMissedByTheEntryThatNamesIt) {
  const std::string name = "sha256:" + std::string(64, 'a');
  {
    const auto ledger = open();
    append(*ledger, heal, size, {entry("heal.step", "{\"blob\":\"" + name + "\"}"), entry("heal.step", "{\"x\":1}")});
    (void)testing::sign_head(*ledger, path, *key);
  }
  VerifyOptions options{.threads = 1};
  std::vector<std::string> asked;
  options.has_blob = [&](const engine::BlobName& blob) {
    asked.push_back(blob);
    return false;
  };
  EXPECT_EQ(told(options), "entry 601: its data " + name + " is not in the vault\n");
  EXPECT_THAT(asked, ::testing::ElementsAre(name));
  options.has_blob = [](const engine::BlobName&) { return true; };
  EXPECT_EQ(told(options), "");
}

// ---- what was signed

TEST_F(DamageTest, BeforeAKeptCheckpointShowsInItsTileAlone) {
  EXPECT_EQ(told(against_kept(true)), "");
  EXPECT_EQ(told(against_kept(false)), "");
  EXPECT_THAT(after(hash_set("tile = 0", 3, other_hash), against_kept(true)),
              HasSubstr("the tree's lowest tile does not fit the given checkpoint"));
  std::uint64_t all = 0;
  VerifyOptions options = against_kept(true);
  options.progress = [&](std::uint64_t, std::uint64_t of) { all = of; };
  EXPECT_EQ(told(options), "");
  EXPECT_EQ(all, size);
}

TEST_F(DamageTest, OfACheckpointThatIsOfAnotherLedgerIsNoVerdict) {
  VerifyOptions options = against_kept(false);
  const auto other = testing::signing_key("01890000-0000-7000-8000-000000000001", 3);
  options.keys = {key->verifier(), other.verifier()};
  options.kept->note = *sign_checkpoint(other, origin_of("01890000-0000-7000-8000-000000000001"), {3, {}});
  EXPECT_EQ(verify_ledger(path, options).error().kind, ErrorKind::invalid);
  EXPECT_THAT(told(options), HasSubstr("error: the given checkpoint is of"));
}

TEST_F(DamageTest, OfTheWholeLedgerIsMissedWhereOneWasSigned) {
  for (const bool by_key : {false, true}) {
    VerifyOptions options;
    if (by_key) options.keys = {key->verifier()};
    if (!by_key) options.kept = KeptCheckpoint{kept};
    const auto report = verify_ledger(folder / "nowhere.db", options);
    ASSERT_TRUE(report);
    EXPECT_THAT(text_of(report), HasSubstr("there is no ledger"));
    EXPECT_FALSE(report->sound());
  }
}

TEST_F(DamageTest, ToCheckpointsByWhoHasTheKeyIsBoundedByThem) {
  const std::string origin = origin_of(reader()->id());
  const auto forge = [&](std::uint64_t signed_size) {
    EXPECT_TRUE(open()->keep_checkpoint(
        {signed_size, *sign_checkpoint(*key, origin, {signed_size, leaf_hash("another tree")})}));
  };
  // A wrong one before a good one, and one right behind it.
  forge(200);
  EXPECT_THAT(told(), HasSubstr("the first that was changed is one of entries 1 to 200"));
  ASSERT_EQ(foreign("DELETE FROM checkpoints WHERE size <> 300"), "");
  forge(301);
  EXPECT_THAT(told(), HasSubstr("the first that was changed is entry 301"));
}

// The ledger names the key of another log, and what that signed.
TEST_F(DamageTest, ToTheKeyAndTheCheckpointsShowsInTheirName) {
  const std::string elsewhere = "01890000-0000-7000-8000-000000000001";
  const auto other = testing::signing_key(elsewhere, 3);
  {
    const auto ledger = open();
    EXPECT_TRUE(ledger->set_meta("verifier_key", other.verifier().text()));
    EXPECT_TRUE(ledger->keep_checkpoint({size, *sign_checkpoint(other, origin_of(elsewhere), ledger->tree_head())}));
  }
  EXPECT_THAT(told(), HasSubstr("the checkpoint of 600 entries is one of 600 entries of " + origin_of(elsewhere)));
}

TEST_F(DamageTest, ToMoreCheckpointsThanOnePieceHasIsToldOfTheFirst) {
  const std::string origin = origin_of(reader()->id());
  const auto ledger = open();
  for (std::uint64_t at = 1; at < size; ++at)
    EXPECT_TRUE(ledger->keep_checkpoint({at, *sign_checkpoint(*key, origin, {at, leaf_hash("another tree")})}));
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("the first 1 entries are not those that were signed"));
  EXPECT_EQ(text.find("that were signed"), text.rfind("that were signed"));
}

TEST_F(DamageTest, ToWhatWasSignedLastIsNamed) {
  std::ofstream(path.string() + ".signed") << "nothing that was signed";
  EXPECT_THAT(told(), HasSubstr("ledger.db.signed: "));
}

// ---- what an Admiral said of a ledger that was put back

struct PutBackTest : DamageTest {
  static std::string head_text(const TreeHead& head) {
    return R"({"size":)" + std::to_string(head.size) + R"(,"root":")" + to_hex(head.root) + R"("})";
  }
  // Accepts, in one entry, that the ledger was put back from `signed_head` to what it is.
  void say(const std::string& data) {
    const auto ledger = open();
    append(*ledger, "ledger", said_++, {entry("ledger.rollback_accepted", data)});
    const Checkpoint now{origin_of(ledger->id()), ledger->tree_head()};
    EXPECT_TRUE(ledger->keep_checkpoint({now.head.size, *sign_checkpoint(*key, now.origin, now.head)}));
  }
  void sign_beside(const TreeHead& head) const {
    EXPECT_TRUE(write_signed_head(path, {origin_of(reader()->id()), head}));
  }
  std::uint64_t said_ = 0;
};

TEST_F(PutBackTest, OnlyAnEntryThatNamesBothHeadsAcceptsIt) {
  const TreeHead lost{700, leaf_hash("of the lost ledger")}, present = *reader()->tree_head();
  sign_beside(lost);
  EXPECT_THAT(told(), HasSubstr("entries 601 to 700 are missing"));
  for (const std::string& words :
       {std::string("["), std::string("{}"), R"({"signed":)" + head_text(lost) + "}",
        R"({"present":)" + head_text(present) + "}", R"({"signed":5,"present":)" + head_text(present) + "}",
        R"({"signed":{"root":"aa"},"present":)" + head_text(present) + "}",
        R"({"signed":{"size":700},"present":)" + head_text(present) + "}",
        R"({"signed":{"size":700,"root":"aa"},"present":)" + head_text(present) + "}",
        R"({"signed":)" + head_text({699, lost.root}) + R"(,"present":)" + head_text(present) + "}"}) {
    say(words);
    EXPECT_THAT(told(), HasSubstr("to 700 are missing")) << words;
  }
  say(R"({"signed":)" + head_text(lost) + R"(,"present":)" + head_text(present) + "}");
  EXPECT_THAT(told(), Not(HasSubstr("to 700 are missing")));
}

TEST_F(PutBackTest, AKeptCheckpointOfTheLostPartIsToldWhoAcceptedThat) {
  const TreeHead lost{700, leaf_hash("of the lost ledger")}, present = *reader()->tree_head();
  say(R"({"signed":)" + head_text(lost) + R"(,"present":)" + head_text(present) + "}");
  const std::string origin = origin_of(reader()->id());
  const auto against = [&](std::uint64_t kept_entries) {
    VerifyOptions options = against_kept(false);
    options.kept->note = *sign_checkpoint(*key, origin, {kept_entries, leaf_hash("of the lost ledger")});
    return told(options);
  };
  const char accepted[] = "entry 601 says that the ledger was put back to 600 entries after 700 were signed";
  EXPECT_THAT(against(650), HasSubstr(accepted));
  EXPECT_THAT(against(700), HasSubstr(accepted));
  for (const std::uint64_t other : {300U, 600U, 701U})
    EXPECT_THAT(against(other), AllOf(HasSubstr("the given checkpoint"), Not(HasSubstr(accepted)))) << other;
}

// ---- archived rows

TEST_F(DamageTest, BehindArchivedRowsIsNamedAndWhatWentIsNot) {
  const std::array stayed = {engine::Position{100}, engine::Position{200}};
  ASSERT_TRUE(open()->drop_entries({400}, stayed));
  EXPECT_EQ(told(), "");
  EXPECT_EQ(after("INSERT INTO open_streams VALUES ('gone', 5)"), "");
  EXPECT_THAT(after("UPDATE entries SET version = 999 WHERE seq = 600"),
              HasSubstr("version 999 of stream \"" + heal + "\" follows version 599"));
  EXPECT_THAT(after("UPDATE entries SET version = 50 WHERE seq = 200"), HasSubstr("stands before version"));
}

// ---- another version

TEST_F(DamageTest, OfALedgerOfALaterVersionIsNoVerdict) {
  ASSERT_EQ(foreign("UPDATE meta SET value = 99 WHERE name = 'schema_version'"), "");
  const auto report = verify_ledger(path, {.threads = 1});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace autoheal::store
