// A disk on which one call fails, or all from one on: wherever it is, nothing that was acknowledged is lost, nothing
// that failed is told as a success, and what is left verifies.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "autoheal/store/file/reserve.hpp"
#include "autoheal/store/ledger/wal_state.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/faults/interrupted_calls.hpp"
#include "tests/support/worlds/foreign_process.hpp"
#include "tests/unit/store/ledger/faulty_vfs.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::AppendStatus;
using testing::DiskCall;
using testing::Faults;
using testing::faults;
using testing::heal;
namespace fs = std::filesystem;

class BadDisk : public testing::LedgerFixture {
 protected:
  static constexpr std::uint64_t wanted = 6;  // commits of one life

  // A ledger that was closed well, to begin each trial with.
  void SetUp() override {
    {
      const auto ledger = open(testing::faulty_vfs());
    }
    fs::copy(folder / "", seed_ / "", fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  void begin_anew() {
    fs::remove_all(folder / "");
    fs::copy(seed_ / "", folder / "", fs::copy_options::recursive);
  }

  // Commits of half a page up to many, so that each trial has writes of every kind.
  static std::vector<engine::NewEntry> commit(std::uint64_t version) {
    return {entry("a", "{\"text\":\"" + std::string(version % 2 == 0 ? 9'000 : 10, 'x') + "\"}")};
  }

  // A process that goes on after each refusal and ends where it is told that nothing is believed any more. Entries that
  // the stream holds now, as far as that process knows: all that it was told, and perhaps the one that is open.
  struct Life {
    std::uint64_t acknowledged = 0;
    bool open_outcome = false;
    bool refused = false;
  };
  Life live(std::uint64_t from) {
    Life life{from, false, false};
    const auto ledger = try_open("faulty");
    if (!ledger) {
      life.refused = true;
      return life;
    }
    for (int tries = 0; life.acknowledged < wanted && tries < 12; ++tries) {
      const auto result = append(**ledger, heal, life.acknowledged, commit(life.acknowledged));
      EXPECT_TRUE(result.status == AppendStatus::ok || !result.message.empty());
      EXPECT_NE(result.status, AppendStatus::conflict) << "it lost count of what it holds";
      life.refused = life.refused || result.status != AppendStatus::ok;
      if (result.status == AppendStatus::ok) ++life.acknowledged;
      if (faults.later_came && faults.later->call != DiskCall::read) expect_readable(**ledger, life.acknowledged);
      if (result.status != AppendStatus::unknown) continue;
      EXPECT_EQ(append(**ledger, heal, life.acknowledged, commit(0)).status, AppendStatus::unknown)
          << "a second try is no success";
      life.open_outcome = true;
      break;
    }
    return life;
  }
  static void expect_readable(const SqliteLedger& ledger, std::uint64_t acknowledged) {
    const auto entries = ledger.read_stream(heal, 1);
    ASSERT_TRUE(entries.has_value()) << entries.error().message;
    EXPECT_GE(entries->size(), acknowledged);
  }

  // Reads the ledger after the disk is well again, and continues from it to the end.
  void expect_whole(const Life& life) {
    faults = {};
    std::uint64_t there = 0;
    {
      const auto ledger = open("faulty");
      ASSERT_NE(ledger, nullptr);
      there = ledger->read_stream(heal, 1)->size();
    }
    EXPECT_GE(there, life.acknowledged);
    EXPECT_LE(there, life.acknowledged + (life.open_outcome ? 1 : 0));
    EXPECT_EQ(live(there).acknowledged, wanted);
    const auto verified = verify_ledger(path, {.threads = 1, .unsigned_is_sound = true});
    ASSERT_TRUE(verified.has_value()) << verified.error().message;
    EXPECT_TRUE(verified->sound());
  }

  // Every call of this kind, from opening the ledger to its last commit; how many there are.
  int fail_each(DiskCall call, int code, bool for_good) {
    int countdown = 1;
    for (bool came = true; came; ++countdown) {
      SCOPED_TRACE("call " + std::to_string(countdown) + (for_good ? " and all after it" : ""));
      begin_anew();
      testing::faulty_vfs();
      faults.later = Faults::Later{call, countdown, code, for_good};
      const Life life = live(0);
      came = faults.later_came;
      expect_whole(life);
      if (HasFatalFailure()) break;
    }
    return countdown - 2;
  }

  testing::TemporaryFolder seed_;
};

TEST_F(BadDisk, Case86_ASyncThatFailsAnywhereIsNeverMadeGoodByASecondTry) {
  EXPECT_GT(fail_each(DiskCall::sync, SQLITE_IOERR_FSYNC, false), 5);
  fail_each(DiskCall::sync, SQLITE_IOERR_FSYNC, true);
}

TEST_F(BadDisk, Case87_AWriteThatFailsAnywhereIsRefusedAndReadingGoesOn) {
  EXPECT_GT(fail_each(DiskCall::write, SQLITE_IOERR_WRITE, false), 20);
  fail_each(DiskCall::write, SQLITE_IOERR_WRITE, true);
}

TEST_F(BadDisk, Case87_AReadThatFailsAnywhereIsNoEmptyLedger) {
  EXPECT_GT(fail_each(DiskCall::read, SQLITE_IOERR_READ, false), 5);
  fail_each(DiskCall::read, SQLITE_IOERR_READ, true);
}

TEST_F(BadDisk, Case88_AFullDiskAtAnyWriteRefusesAndGoesOnInTheSameProcess) {
  for (int countdown = 1; countdown < 1'000; ++countdown) {
    SCOPED_TRACE(countdown);
    begin_anew();
    testing::faulty_vfs();
    const auto ledger = open("faulty");
    faults.later = Faults::Later{DiskCall::write, countdown, SQLITE_FULL, true};
    std::uint64_t acknowledged = 0;
    while (acknowledged < wanted &&
           append(*ledger, heal, acknowledged, commit(acknowledged)).status == AppendStatus::ok)
      ++acknowledged;
    const bool came = faults.later_came;
    EXPECT_EQ(acknowledged < wanted, came);
    faults = {};
    while (acknowledged < wanted) {
      ASSERT_EQ(append(*ledger, heal, acknowledged, commit(acknowledged)).status, AppendStatus::ok);
      ++acknowledged;
    }
    EXPECT_EQ(ledger->read_stream(heal, 1)->size(), wanted);
    if (!came) return;
  }
  FAIL() << "the disk never had room for all";
}

TEST_F(BadDisk, Case89_CallsThatAreInterruptedOrWriteAndReadOnlyAPartAreNotNoticed) {
  for (const unsigned each : {1U, 2U, 3U}) {
    begin_anew();
    testing::faulty_vfs();
    const testing::InterruptedCalls interrupted(each);
    EXPECT_EQ(live(0).acknowledged, wanted);
    EXPECT_GT(interrupted.count(), 30U);
    const auto verified = verify_ledger(path, {.threads = 1, .unsigned_is_sound = true});
    ASSERT_TRUE(verified.has_value()) << verified.error().message;
    EXPECT_TRUE(verified->sound());
  }
}

// ---- room that is kept for what runs

struct BadDiskReserve : testing::LedgerFixture {
  static constexpr std::uint64_t reserve_bytes = 1024 * 1024;
  std::unique_ptr<SqliteLedger> open_with_reserve() {
    auto opened = SqliteLedger::open(path, {.ids = ids, .vfs = testing::faulty_vfs(), .reserve_bytes = reserve_bytes});
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  [[nodiscard]] std::uint64_t reserved() const {
    struct stat found{};
    if (::stat((path.string() + ".reserve").c_str(), &found) != 0) return 0;
    return static_cast<std::uint64_t>(found.st_blocks) * 512;
  }
  const std::string other = "01930000-0000-7000-8000-0000000000bb";
};

TEST_F(BadDiskReserve, Case88_IsHeldWhileAllIsWellAndStaysForTheNextProcess) {
  for (int life = 0; life < 2; ++life) {
    const auto ledger = open_with_reserve();
    EXPECT_GE(reserved(), reserve_bytes);
  }
  EXPECT_GE(reserved(), reserve_bytes);
}

// The disk is full for one write: the one that then finds the room of the reserve.
TEST_F(BadDiskReserve, Case88_WhatRunsIsRecordedFromIt) {
  const auto ledger = open_with_reserve();
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  EXPECT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::ok);
  EXPECT_TRUE(faults.later_came);
  EXPECT_EQ(reserved(), 0U);
  EXPECT_EQ(ledger->read_stream(heal, 1)->size(), 2U);
}

TEST_F(BadDiskReserve, Case88_IsNotSpentOnWhatBegins) {
  const auto ledger = open_with_reserve();
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  const auto refused = append(*ledger, heal, 0, {entry("a")});
  EXPECT_EQ(refused.status, AppendStatus::unavailable);
  EXPECT_FALSE(refused.message.empty());
  EXPECT_GE(reserved(), reserve_bytes);
  EXPECT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok) << "there is room again";
}

TEST_F(BadDiskReserve, Case88_ThatIsSpentIsTakenAgainBeforeAnythingBegins) {
  const auto ledger = open_with_reserve();
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  faults.later = Faults::Later{DiskCall::write, 1, SQLITE_FULL, false};
  ASSERT_EQ(append(*ledger, heal, 1, {entry("b")}).status, AppendStatus::ok);
  // Nobody can take that much: a folder stands where the file was.
  const fs::path file = path.string() + ".reserve";
  fs::remove(file);
  fs::create_directory(file);
  const auto refused = append(*ledger, other, 0, {entry("a")});
  EXPECT_EQ(refused.status, AppendStatus::unavailable);
  EXPECT_NE(refused.message.find("no room can be kept"), std::string::npos) << refused.message;
  EXPECT_EQ(append(*ledger, heal, 2, {entry("c")}).status, AppendStatus::ok) << "what runs goes on";
  fs::remove(file);
  EXPECT_EQ(append(*ledger, other, 0, {entry("a")}).status, AppendStatus::ok);
  EXPECT_GE(reserved(), reserve_bytes);
}

// ---- a reader that does not end

TEST_F(BadDisk, Case91_WhoKeepsTheLogFromBeingEmptiedIsNamed) {
  const auto ledger = open();
  ASSERT_EQ(append(*ledger, heal, 0, {entry("a")}).status, AppendStatus::ok);
  constexpr std::uint64_t large = 4 * 1024 * 1024;
  EXPECT_EQ(sentence_of(wal_state(path), large), "");
  std::optional<testing::ForeignProcess> sleeper(std::in_place, path);
  (*sleeper)("BEGIN");
  ASSERT_EQ((*sleeper)("SELECT count(*) FROM entries"), "[[1]]");
  std::uint64_t version = 1;
  while (wal_state(path).bytes < 3 * large)
    ASSERT_EQ(append(*ledger, heal, version++, {entry("b", "{\"t\":\"" + std::string(60'000, 'x') + "\"}")}).status,
              AppendStatus::ok);
  const WalState held = wal_state(path);
  ASSERT_EQ(held.readers.size(), 1U);
  EXPECT_EQ(held.readers[0].pid, sleeper->pid());
  const std::string sentence = sentence_of(held, large);
  EXPECT_NE(sentence.find("process " + std::to_string(sleeper->pid())), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("keeps reading it"), std::string::npos) << sentence;
  sleeper.reset();
  EXPECT_TRUE(wal_state(path).readers.empty());
  // Its frames are used again from the first one on.
  for (int commits = 0; commits < 200; ++commits)
    ASSERT_EQ(append(*ledger, heal, version++, {entry("c", "{\"t\":\"" + std::string(60'000, 'x') + "\"}")}).status,
              AppendStatus::ok);
  EXPECT_LT(wal_state(path).bytes, 4 * large) << "it goes on growing";
}

}  // namespace
}  // namespace autoheal::store
