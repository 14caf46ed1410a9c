// Hostile cases 92 to 96: the ledger's files lost, cut, swapped, copied while they are written.
#include <gmock/gmock.h>
#include <fstream>

#include <atomic>
#include <thread>

#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::heal;

struct HostileLedgerFile : testing::LedgerFixture {
  static void fill(SqliteLedger& ledger, std::uint64_t commits) {
    for (std::uint64_t n = 0; n < commits; ++n)
      append(ledger, heal, n, {entry("a", "{\"n\":" + std::to_string(n) + "}")});
  }
  void fill_and_sign(std::uint64_t commits = 100) {
    const auto ledger = open();
    fill(*ledger, commits);
    (void)testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  }
  static VerifyReport verified(const std::filesystem::path& file) {
    auto report = verify_ledger(file, {});
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : VerifyReport();
  }
  static std::string problems(const std::filesystem::path& file) {
    const auto report = verify_ledger(file, {});
    if (!report) return report.error().message;
    std::string text;
    for (const auto& problem : report->problems) text += problem + "\n";
    return text;
  }
  static std::vector<std::string> lines_of(const engine::LedgerView& ledger) {
    std::vector<std::string> lines;
    EXPECT_TRUE(export_lines(ledger, {}, [&](std::string_view line, const engine::Entry&) {
      lines.emplace_back(line);
      return true;
    }));
    return lines;
  }
  void copy_to(const std::filesystem::path& other, std::initializer_list<const char*> suffixes) const {
    for (const char* suffix : suffixes)
      std::filesystem::copy_file(path.string() + suffix, other.string() + suffix,
                                 std::filesystem::copy_options::overwrite_existing);
  }
};

TEST_F(HostileLedgerFile, Case92_MissingOrEmptyBesideWhatWasSignedIsNeverBegunAnew) {
  fill_and_sign();
  std::filesystem::rename(path, folder / "away.db");
  for (const bool empty : {false, true}) {
    if (empty) std::ofstream(path).close();
    EXPECT_THAT(try_open().error().message, HasSubstr(empty ? "is empty" : "is missing"));
    EXPECT_THAT(verify_ledger(path, {}).error().message, HasSubstr(empty ? "is empty" : "is missing"));
    EXPECT_EQ(std::filesystem::exists(path), empty);
  }
}

TEST_F(HostileLedgerFile, Case92_CutShortAFolderOrOfAnotherHostIsNamed) {
  fill_and_sign(600);
  std::filesystem::copy_file(path, folder / "whole.db");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_NE(problems(path), "");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THAT(try_open().error().message, HasSubstr("not a regular file"));
  std::filesystem::remove(path);
  // Another host's ledger in this one's place: what was signed here is not of it.
  const auto other = folder / "other.db";
  {
    auto opened = SqliteLedger::open(other, {.ids = ids});
    ASSERT_TRUE(opened);
    fill(**opened, 700);
    (void)testing::sign_head(**opened, other, testing::signing_key((*opened)->id()));
  }
  std::filesystem::rename(other, path);
  EXPECT_THAT(problems(path), HasSubstr(".signed is of another ledger"));
}

TEST_F(HostileLedgerFile, Case93_ALogThatIsGoneIsMissedAndOneThatIsEmptyIsNot) {
  const auto ledger = open();
  fill(*ledger, 100);
  (void)testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  // As a killed owner leaves it: the newest commits stand in the log alone.
  ASSERT_GT(std::filesystem::file_size(path.string() + "-wal"), 0U);
  const auto lost = folder / "lost.db", kept = folder / "kept.db";
  copy_to(lost, {"", ".signed"});
  copy_to(kept, {"", ".signed", "-wal"});
  EXPECT_NE(problems(lost), "");
  const auto whole = verified(kept);
  EXPECT_TRUE(whole.sound()) << problems(kept);
  EXPECT_EQ(whole.entries, 100U);
  EXPECT_THAT(whole.warnings, Contains(HasSubstr("-shm is missing")));
}

TEST_F(HostileLedgerFile, Case93_CommitsThatAreLostWithTheLogAreNamed) {
  fill_and_sign(50);
  const auto lost = folder / "lost.db";
  const auto ledger = open();
  fill(*ledger, 0);
  for (std::uint64_t n = 50; n < 60; ++n) append(*ledger, heal, n, {entry("a")});
  (void)testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  copy_to(lost, {"", ".signed"});
  const auto report = verified(lost);
  EXPECT_EQ(report.first_bad, 51U);
  EXPECT_THAT(problems(lost), HasSubstr("entries 51 to 60 are missing"));
}

TEST_F(HostileLedgerFile, Case93_TheLogOfAnotherDatabaseIsFound) {
  fill_and_sign(300);
  const auto other = folder / "other.db";
  auto opened = SqliteLedger::open(other, {.ids = ids});
  ASSERT_TRUE(opened);
  fill(**opened, 40);
  std::filesystem::copy_file(other.string() + "-wal", path.string() + "-wal",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(path.string() + "-shm");
  EXPECT_NE(problems(path), "");
}

TEST_F(HostileLedgerFile, Case95_ASecondOwnerStopsAndAReaderDoesNot) {
  const auto first = open();
  fill(*first, 3);
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_EQ(size_of(*reader()), 3U);
  EXPECT_TRUE(verify_ledger(path, {.unsigned_is_sound = true})->sound());
}

TEST_F(HostileLedgerFile, Case96_ABackupTakenWhileItIsWrittenVerifiesAndIsAPrefix) {
  auto ledger = open();
  fill(*ledger, 20);
  const auto key = testing::signing_key(ledger->id());
  (void)testing::sign_head(*ledger, path, key);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t n = 20; !stop; ++n) {
      append(*ledger, heal, n, {entry("a", "{\"n\":" + std::to_string(n) + "}")});
      if (n % 7 == 0) (void)testing::sign_head(*ledger, path, key);
    }
  });
  std::vector<std::filesystem::path> copies;
  for (int round = 0; round < 3; ++round) {
    const auto by_backup = folder / ("backup" + std::to_string(round) + ".db");
    const auto by_vacuum = folder / ("vacuum" + std::to_string(round) + ".db");
    EXPECT_EQ(foreign(".backup '" + by_backup.string() + "'"), "");
    EXPECT_EQ(foreign("VACUUM INTO '" + by_vacuum.string() + "'"), "");
    copies.insert(copies.end(), {by_backup, by_vacuum});
  }
  // Beside the writer, as the daemon has it.
  EXPECT_TRUE(verify_ledger(path, {.threads = 2})->sound()) << problems(path);
  stop = true;
  writer.join();
  const auto live = lines_of(*ledger);
  for (const auto& copy : copies) {
    const auto report = verified(copy);
    EXPECT_TRUE(report.sound()) << problems(copy);
    EXPECT_GE(report.signed_size, 20U);
    const auto opened = LedgerReader::open(copy);
    ASSERT_TRUE(opened);
    const auto lines = lines_of(**opened);
    ASSERT_GE(lines.size(), 20U);
    ASSERT_LE(lines.size(), live.size());
    EXPECT_TRUE(std::equal(lines.begin(), lines.end(), live.begin()));
  }
}

}  // namespace
}  // namespace autoheal::store
