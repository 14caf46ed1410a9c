// A ledger whose files are not where they were opened: nothing more is recorded that nobody would find.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "autoheal/store/ledger/ledger_place.hpp"
#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::testing {
namespace {

using engine::AppendStatus;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct LedgerPlace : LedgerFixture {
  fs::path home = folder / "home";
  LedgerPlace() { path = home / "ledger.db"; }

  AppendStatus record(store::SqliteLedger& ledger) {
    const auto result = append(ledger, heal, *ledger.version_of(heal), {entry("a")});
    said = result.message;
    return result.status;
  }
  std::string said;
};

TEST_F(LedgerPlace, NothingIsRecordedWhileTheFileIsMovedAwayAndAllGoesOnWhenItIsBack) {
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::rename(path, folder / "elsewhere.db");
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  EXPECT_THAT(said, AllOf(HasSubstr(path.string()), HasSubstr("was moved away or removed")));
  EXPECT_FALSE(ledger->set_meta("x", "y"));
  fs::rename(folder / "elsewhere.db", path);
  EXPECT_EQ(ledger->problem_of_place(), "");
  EXPECT_EQ(record(*ledger), AppendStatus::ok);
  EXPECT_EQ(size_of(*reader()), 2U);
}

TEST_F(LedgerPlace, NothingIsRecordedWhileItsFolderIsMovedAway) {
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::rename(home, folder / "elsewhere");
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  EXPECT_THAT(said, HasSubstr("its folder was moved away or removed"));
  EXPECT_FALSE(fs::exists(home)) << "nothing is made there";
  fs::create_directory(home);
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  EXPECT_THAT(said, HasSubstr("its folder is another one now"));
  EXPECT_TRUE(fs::is_empty(home));
  fs::remove(home);
  fs::rename(folder / "elsewhere", home);
  EXPECT_EQ(record(*ledger), AppendStatus::ok);
}

TEST_F(LedgerPlace, AFolderAboveThatWasMovedCountsToo) {
  path = folder / "above" / "home" / "ledger.db";
  fs::create_directories(path.parent_path());
  const auto ledger = open();
  fs::rename(folder / "above", folder / "elsewhere");
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  fs::rename(folder / "elsewhere", folder / "above");
  EXPECT_EQ(record(*ledger), AppendStatus::ok);
}

TEST_F(LedgerPlace, ALinkOnTheWayThatWasSwitchedCountsUntilItLeadsBack) {
  path = home / "inner" / "ledger.db";
  fs::create_directories(folder / "one" / "inner");
  fs::create_directories(folder / "two" / "inner");
  fs::create_directory_symlink(folder / "one", home);
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::remove(home);
  fs::create_directory_symlink(folder / "two", home);
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  fs::remove(home);
  fs::create_directory_symlink(folder / "one", home);
  EXPECT_EQ(record(*ledger), AppendStatus::ok);
}

TEST_F(LedgerPlace, AFolderThatHoldsTheSameFilesIsTheSamePlace) {
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::rename(home, folder / "elsewhere");
  fs::create_directory_symlink(folder / "elsewhere", home);
  EXPECT_EQ(record(*ledger), AppendStatus::ok);
}

TEST_F(LedgerPlace, AnotherLedgerInItsPlaceIsLeftAsItIs) {
  {
    const auto other = open();
    ASSERT_EQ(record(*other), AppendStatus::ok);
  }
  fs::copy(home, folder / "backup", fs::copy_options::recursive);
  auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::rename(home, folder / "elsewhere");
  fs::rename(folder / "backup", home);
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  ledger.reset();
  EXPECT_EQ(size_of(*reader()), 1U);
  path = folder / "elsewhere" / "ledger.db";
  EXPECT_EQ(size_of(*reader()), 2U);
}

TEST_F(LedgerPlace, WhatALostLogHoldsIsSavedIntoTheLedger) {
  for (const char* ending : {"-wal", "-shm"}) {
    auto ledger = open();
    const std::size_t before = size_of(*ledger);
    ASSERT_EQ(record(*ledger), AppendStatus::ok);
    fs::remove(path.string() + ending);
    EXPECT_EQ(record(*ledger), AppendStatus::unavailable) << ending;
    EXPECT_THAT(said, HasSubstr(path.string() + ending));
    // As a process that is killed leaves it: nothing is closed in order.
    fs::copy_file(path, folder / "as-killed.db", fs::copy_options::overwrite_existing);
    EXPECT_EQ(foreign_sqlite(folder / "as-killed.db", "SELECT count(*) FROM entries"),
              std::to_string(before + 1) + "\n")
        << ending;
    ledger.reset();
    EXPECT_EQ(size_of(*open()), before + 1) << ending;
  }
}

TEST_F(LedgerPlace, WhatIsWrittenOverItInPlaceIsNotRecordedTo) {
  std::optional<std::string> older, newer;
  {
    const auto ledger = open();
    ASSERT_EQ(record(*ledger), AppendStatus::ok);
  }
  const auto content = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const auto write_over = [&](const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  };
  older = content();
  const auto ledger = open();
  for (int count = 0; count < 3; ++count) ASSERT_EQ(record(*ledger), AppendStatus::ok);
  newer = content();
  write_over("another thing altogether");
  EXPECT_EQ(record(*ledger), AppendStatus::unavailable);
  EXPECT_THAT(said, HasSubstr("was written over by somebody else"));
  write_over(*newer);
  EXPECT_EQ(record(*ledger), AppendStatus::ok) << said;
}

TEST_F(LedgerPlace, AnotherLedgerThatIsCopiedOverItIsNoticed) {
  std::string other;
  {
    const auto made = open();
    std::ifstream file(path, std::ios::binary);
    other.assign(std::istreambuf_iterator<char>(file), {});
  }
  fs::remove_all(home);
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << other;
  EXPECT_NE(ledger->problem_of_place(), "");
}

TEST_F(LedgerPlace, ATouchOrAnotherModeOrABackupByHardLinkIsNoProblem) {
  const auto ledger = open();
  ASSERT_EQ(record(*ledger), AppendStatus::ok);
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(record(*ledger), AppendStatus::ok) << said;
  fs::permissions(path, fs::perms::owner_all);
  fs::create_hard_link(path, folder / "backup.db");
  EXPECT_EQ(record(*ledger), AppendStatus::ok) << said;
}

TEST_F(LedgerPlace, NoSecondOwnerComesByAnotherName) {
  const auto ledger = open();
  const auto refused_by = [](const fs::path& name) {
    in_a_child([&] {
      engine::testing::CountingIds others;
      const auto second =
          store::SqliteLedger::open(name, {.ids = others, .lock_wait = std::chrono::milliseconds(30), .busy_wait = {}});
      ASSERT_FALSE(second) << name;
      EXPECT_EQ(second.error().kind, ErrorKind::busy);
      EXPECT_THAT(second.error().message, HasSubstr("under another name"));
    });
  };
  fs::create_hard_link(path, folder / "hard.db");
  refused_by(folder / "hard.db");
  fs::remove(folder / "hard.db");
  fs::create_symlink(path, folder / "soft.db");
  refused_by(folder / "soft.db");
  fs::remove(path.string() + ".lock");
  refused_by(path);  // the file of the lock was cleared away
  EXPECT_EQ(record(*ledger), AppendStatus::ok) << said;
}

}  // namespace
}  // namespace autoheal::testing
