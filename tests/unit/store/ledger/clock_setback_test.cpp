// Where entries of a time can stand: never less than all of them, also where what the ledger knows of its clock was
// lost or changed by hand.
#include "autoheal/store/ledger/clock_setback.hpp"

#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::Position;
using Range = std::pair<Position, Position>;

struct ClockSetbackTest : testing::LedgerFixture {
  // Ten entries, a second apart, one of them an hour too early.
  ClockSetbackTest() {
    const auto ledger = open();
    for (std::uint64_t version = 0; version < 10; ++version) {
      auto one = entry("a");
      one.time = at(version == 5 ? -3600 : static_cast<int>(version));
      append(*ledger, "ledger", version, {one});
    }
  }
  static Timestamp at(int second) {
    return *parse_timestamp("2026-11-23T12:00:00.000000Z") + std::chrono::seconds(second);
  }
  Range range(std::optional<Timestamp> since, std::optional<Timestamp> until, std::uint64_t after = 0) const {
    const SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
    return positions_of(database, since, until, {after}, {10});
  }
  const Range all{{0}, {10}};
};

TEST_F(ClockSetbackTest, ATimeIsFoundByHalvingAndNeverMissed) {
  EXPECT_EQ(range({}, {}), all);
  for (const int since : {-7300, -3601, -3600, -3599, -1, 0, 1, 4, 6, 9, 10, 3603, 3700}) {
    for (const int until : {-3600, -3599, 0, 1, 5, 9, 10, 3700}) {
      const Range found = range(at(since), at(until));
      for (int version = 0; version < 10; ++version) {
        const int time = version == 5 ? -3600 : version;
        const auto position = static_cast<std::uint64_t>(version) + 1;
        if (time < since || time >= until) continue;
        EXPECT_TRUE(found.first.value < position && position <= found.second.value) << since << " to " << until;
      }
    }
  }
  EXPECT_EQ(range(at(100'000), {}).first, Position{10}) << "after all of them";
  EXPECT_EQ(range({}, at(-100'000)).second, Position{0}) << "before all of them";
}

TEST_F(ClockSetbackTest, WhereTheLagIsNotKnownNothingIsLeftOutAndItStaysSo) {
  foreign("DELETE FROM meta WHERE name = 'clock_lag_us'");
  EXPECT_EQ(range(at(100'000), at(100'001)), all);
  const auto ledger = open();
  auto early = entry("a");
  early.time = at(-7200);
  EXPECT_EQ(append(*ledger, "ledger", 10, {early}).status, engine::AppendStatus::ok);
  EXPECT_EQ(foreign("SELECT count(*) FROM meta WHERE name = 'clock_lag_us'", "-readonly"), "0\n")
      << "what came before is not known, so no lag can be";
  EXPECT_EQ(range(at(100'000), at(100'001)), all);
}

TEST_F(ClockSetbackTest, ALagThatNoClockCanHaveIsNotBelieved) {
  for (const char* lag : {"-1", "9223372036854775807"}) {
    foreign("UPDATE meta SET value = " + std::string(lag) + " WHERE name = 'clock_lag_us'");
    EXPECT_EQ(range(at(100'000), at(100'001)), all) << lag;
  }
}

TEST_F(ClockSetbackTest, WhereAllRowsWereArchivedNothingIsFoundAndNothingBreaks) {
  ASSERT_TRUE(open()->drop_entries({10}, {}));
  const Range found = range(at(3), at(5));
  EXPECT_LE(found.first, found.second);
}

TEST_F(ClockSetbackTest, ALaterOwnerGoesOnFromWhatIsKnown) {
  const std::string asked = "SELECT value FROM meta WHERE name = 'clock_lag_us'";
  EXPECT_EQ(foreign(asked, "-readonly"), "3604000000\n");
  const auto ledger = open();
  auto one = entry("a");
  one.time = at(-7200);
  append(*ledger, "ledger", 10, {one});
  EXPECT_NE(foreign(asked, "-readonly"), "3604000000\n") << "it grew";
  one.time = at(20);
  const std::string grown = foreign(asked, "-readonly");
  append(*ledger, "ledger", 11, {one});
  EXPECT_EQ(foreign(asked, "-readonly"), grown);
}

}  // namespace
}  // namespace autoheal::store
