// A ledger of more than one range: looked at by several threads, its streams followed from one range into the next.
// However many threads there are, the report is the same.
#include <gmock/gmock.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include <SQLiteCpp/SQLiteCpp.h>

#include "autoheal/store/verify/verify.hpp"
#include "autoheal/store/verify/verify_range.hpp"
#include "tests/support/faults/failing_calls.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::NewEntry;
using engine::StreamAppend;
using engine::StreamLife;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FailingCall;
using testing::FailingCalls;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

// Begun, any number of steps, ended; nothing after that. Notes are anybody's.
struct BegunAndEnded final : StreamRules {
  struct Check final : StreamCheck {
    std::optional<std::string> next(const SeenEntry& entry) override {
      if (ended_) return "it goes on after its end";
      if (entry.type == "heal.begun" ? begun_ : !begun_) return "it begins in another way";
      begun_ = true;
      ended_ = entry.type == "heal.ended";
      return std::nullopt;
    }
    bool ended() const override { return ended_; }
    bool begun_ = false, ended_ = false;
  };
  std::optional<unsigned> kind_of(std::string_view type) const override {
    return type.starts_with("heal.") ? std::optional(0U) : std::nullopt;
  }
  std::unique_ptr<StreamCheck> begin() const override { return std::make_unique<Check>(); }
};

const std::string first_id = "01930000-0000-7000-8000-000000000001", second_id = "01930000-0000-7000-8000-000000000002";
constexpr std::uint64_t types = 10'050;  // more than are remembered
constexpr std::uint64_t filling = 65'600;

class LargeLedger : public testing::LedgerFixture {
 protected:
  // Made once, copied for each test.
  static void SetUpTestSuite() {
    made_.emplace();
    engine::testing::CountingIds ids;
    const auto path = *made_ / "ledger.db";
    auto ledger = std::move(*SqliteLedger::open(path, {.ids = ids, .sync_every_append = false}));
    engine::Batch first;
    first.streams = {stream("named", 0, {"heal.begun"}),
                     stream("named/ended", 0, {"heal.begun", "note.taken", "heal.ended"}),
                     stream(first_id, 0, {"heal.begun"}), stream(second_id, 0, {"heal.begun", "heal.ended"})};
    std::vector<NewEntry> filler(filling, entry("fill.in"));
    for (std::uint64_t number = 0; number < types; ++number) filler[number].type += std::to_string(number);
    filler[0].data = "{\"blob\":\"sha256:" + std::string(64, 'a') + "\"}";
    first.streams.push_back({"filler", 0, std::move(filler), StreamLife::goes_on, {}});
    ASSERT_EQ(ledger->append(first).status, engine::AppendStatus::ok);
    engine::Batch second;
    second.streams = {stream("named", 1, {"heal.step", "heal.ended"}), stream("named/ended", 3, {"heal.step"}),
                      stream(first_id, 1, {"heal.step"}), stream(second_id, 2, {"heal.step"})};
    ASSERT_EQ(ledger->append(second).status, engine::AppendStatus::ok);
    (void)testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  }
  static void TearDownTestSuite() { made_.reset(); }
  void SetUp() override { fs::copy(*made_ / "", folder / "", fs::copy_options::recursive); }

  static StreamAppend stream(const std::string& name, std::uint64_t expected, const std::vector<std::string>& of) {
    StreamAppend append{name, expected, {}, StreamLife::goes_on, {}};
    for (const std::string& type : of) append.entries.push_back(entry(type));
    return append;
  }
  VerifyOptions by_rules(unsigned threads) const {
    VerifyOptions options;
    options.threads = threads;
    options.rules = &rules_;
    return options;
  }
  std::vector<std::string> problems(const VerifyOptions& options) const {
    const auto report = verify_ledger(path, options);
    return report ? report->problems : std::vector<std::string>{"error: " + report.error().message};
  }

  const BegunAndEnded rules_;
  inline static std::optional<testing::TemporaryFolder> made_;
};

// 65,607 entries of the first commit; the second begins with entry 65,608.
TEST_F(LargeLedger, StreamsAreFollowedIntoTheNextRangeByAnyNumberOfThreads) {
  for (const unsigned threads : {1U, 2U, 0U}) {
    SCOPED_TRACE(threads);
    const auto report = verify_ledger(path, by_rules(threads));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->problems,
                ElementsAre("entry 65610: it goes on after its end", "entry 65612: it goes on after its end"));
    EXPECT_EQ(report->entries, 65'612U);
    EXPECT_EQ(report->read, report->entries);
    EXPECT_EQ(report->roots, 2U);
    EXPECT_EQ(report->head, *reader()->tree_head());
  }
  EXPECT_THAT(problems({.threads = 2}), IsEmpty());
}

// A stream whose beginning was archived cannot be checked; one that stayed as a whole can.
TEST_F(LargeLedger, OfArchivedStreamsOnlyWhatStayedFromTheFirstOnIsFollowed) {
  const engine::Position kept[] = {{2}, {3}, {4}, {7}};
  ASSERT_TRUE(open()->drop_entries({10}, kept));
  EXPECT_THAT(problems(by_rules(1)), ElementsAre("entry 65610: it goes on after its end"));
}

// The second range is done before the first: a question about an entry of the first takes until then.
TEST_F(LargeLedger, RangesThatAreDoneInAnotherOrderArePutInTheirs) {
  std::mutex mutex;
  std::condition_variable told;
  int ticks_after_second = 0;
  VerifyOptions options = by_rules(2);
  options.progress = [&](std::uint64_t done, std::uint64_t all) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(all, 65'612U);
    if (done >= all - entries_per_range) ++ticks_after_second;
    told.notify_all();
  };
  options.has_blob = [&](const engine::BlobName&) {
    std::unique_lock lock(mutex);
    return told.wait_for(lock, std::chrono::seconds(60), [&] { return ticks_after_second >= 2; });
  };
  EXPECT_THAT(problems(options),
              ElementsAre("entry 65610: it goes on after its end", "entry 65612: it goes on after its end"));
}

TEST_F(LargeLedger, ThreadsThatAllFailAreOneError) {
  for (int countdown = 1, came = 1; came != 0; ++countdown) {
    SCOPED_TRACE(countdown);
    const FailingCalls failing(FailingCall::open, countdown, true);
    const auto report = verify_ledger(path, {.threads = 2});
    came = failing.came() ? 1 : 0;
    EXPECT_EQ(report.has_value(), came == 0);
    if (report) {
      EXPECT_TRUE(report->sound());
    }
    if (!report) {
      EXPECT_EQ(report.error().kind, ErrorKind::unavailable) << report.error().message;
    }
  }
  // In the midst of the ranges.
  for (const int countdown : {200, 300, 400}) {
    const FailingCalls failing(FailingCall::read, countdown, true);
    const auto report = verify_ledger(path, {.threads = 2});
    EXPECT_TRUE(failing.came());
    ASSERT_FALSE(report) << countdown;
    EXPECT_EQ(report.error().kind, ErrorKind::unavailable) << report.error().message;
  }
}

TEST_F(LargeLedger, DamageAboveTheRangesIsToldThereAndTheRangesByThemselves) {
  ASSERT_EQ(foreign("UPDATE tiles SET hashes = zeroblob(8192) WHERE tile = 2 << 48; "
                    "UPDATE entries SET data = '[]' WHERE seq = 65600"),
            "");
  const auto report = verify_ledger(path, {.threads = 1});
  ASSERT_TRUE(report) << report.error().message;
  std::string text;
  for (const auto& problem : report->problems) text += problem + "\n";
  EXPECT_THAT(text, AllOf(HasSubstr("tile 0 of level 2 ends before hash 0, which is to hold entries 1 to 65536"),
                          HasSubstr("entry 65600 is not what was written")));
  EXPECT_EQ(report->head, *reader()->tree_head()) << "it is recomputed";
}

// Somebody made a column that fails for one row of the first range: what comes above is not known any more.
TEST_F(LargeLedger, AnUnreadableRangeLeavesTheNextOneToBeTold) {
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
    database.exec(
        "PRAGMA legacy_alter_table = ON;"
        "CREATE TABLE other(seq INTEGER PRIMARY KEY, stream, version, type, dataversion, time, actor, engine, raw,"
        " data AS (CASE seq WHEN 3 THEN raw ELSE raw END));"
        "INSERT INTO other(seq, stream, version, type, dataversion, time, actor, engine, raw)"
        " SELECT seq, stream, version, type, dataversion, time, actor, engine,"
        " iif(seq = 65600, '[]', data) FROM entries;"
        "DROP TABLE entries; ALTER TABLE other RENAME TO entries;"
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
        "replace(sql, 'THEN raw', 'THEN abs(-9223372036854775804 - seq - 1)') WHERE name = 'entries'");
  }
  const auto report = verify_ledger(path, {.threads = 1});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->problems, AllOf(::testing::Contains("entries 1 to 65536 cannot be read: integer overflow"),
                                      ::testing::Contains(HasSubstr("entry 65600 is not what was written"))));
  EXPECT_EQ(report->head, std::nullopt);
}

// The number of the first row of a leaf page of a table.
std::uint64_t first_row_of(const std::string& page) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint64_t>(static_cast<unsigned char>(page[at])); };
  std::size_t at = byte(8) << 8U | byte(9);
  std::uint64_t number = 0;
  for (int varint = 0; varint < 2; ++varint) {
    number = 0;
    do number = number << 7U | (byte(at) & 0x7FU);
    while ((byte(at++) & 0x80U) != 0);
  }
  return number;
}

TEST_F(LargeLedger, ARangeWhoseFirstRowCannotBeReadIsNamedByIt) {
  ASSERT_EQ(foreign("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0\n");
  std::uint64_t offset = 0;
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
    SQLite::Statement pages(database, "SELECT pgoffset FROM dbstat WHERE name = 'entries' AND pagetype = 'leaf'");
    std::ifstream file(path, std::ios::binary);
    std::string page(4096, '\0');
    std::uint64_t nearest = 0;
    while (pages.executeStep()) {
      const auto at = static_cast<std::uint64_t>(pages.getColumn(0).getInt64());
      file.seekg(static_cast<std::streamoff>(at));
      file.read(page.data(), static_cast<std::streamsize>(page.size()));
      const std::uint64_t row = first_row_of(page);
      if (row > entries_per_range + 1 || row < nearest) continue;
      nearest = row;
      offset = at;
    }
    ASSERT_GT(nearest, entries_per_range - 200);
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << std::string(4096, '\x05');
  file.close();
  EXPECT_THAT(problems({.threads = 1}), ::testing::Contains(HasSubstr("entry 65537 cannot be read")));
}

}  // namespace
}  // namespace autoheal::store
