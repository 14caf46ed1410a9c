// The power goes at every operation of the disk while an owner of today takes over a ledger of an earlier version: the
// old one is there or the new one, whole, with the same entries under the same root, and the next owner goes on.
#include <gtest/gtest.h>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/recorded_disk.hpp"
#include "tests/support/files/stored_ledger.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using store::SqliteLedger;
using store::TreeHead;

constexpr CutFate fates[] = {CutFate::kept, CutFate::dropped, CutFate::torn, CutFate::garbage, CutFate::mixed};

TreeHead head_of_what_is_read(const engine::LedgerView& ledger) {
  store::GrowingTree tree;
  EXPECT_TRUE(store::export_lines(ledger, {}, [&](std::string_view line, const engine::Entry&) {
    tree.append(store::leaf_hash(line));
    return true;
  }));
  return tree.head();
}

// The fault of the disk after a cut; empty if none. `migrated` grows where it is the new ledger.
std::string problem_of(const fs::path& path, const TreeHead& head, std::size_t& migrated) {
  {
    const auto found = store::LedgerReader::open(path);
    if (!found) return "cannot be read: " + found.error().message;
    if (head_of_what_is_read(**found) != head) return "has other entries";
    const std::string version = (*found)->meta("schema_version").value_or("none");
    if (version == "2" && *(*found)->tree_head() != head) return "is of version 2 without its tree";
    if (version == "2") ++migrated;
  }
  engine::testing::CountingIds ids(1'000);
  const auto owner = SqliteLedger::open(path, {.ids = ids, .vfs = RecordedDisk::vfs});
  if (!owner) return "does not open: " + owner.error().message;
  if ((*owner)->tree_head() != head) return "has another root";
  const auto verified = store::verify_ledger(path, {.threads = 1, .unsigned_is_sound = true});
  if (!verified) return "cannot be verified: " + verified.error().message;
  return verified->sound() ? "" : "does not verify: " + verified->problems.front();
}

class PowerCutMigration : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(OfEarlierVersions, PowerCutMigration, ::testing::ValuesIn(stored_ledgers()));

TEST_P(PowerCutMigration, Case139_LeavesTheOldOneOrTheNewOneWhole) {
  const UnpackedLedger stored(GetParam());
  const TemporaryFolder folder;
  const fs::path live = folder / "live", left = folder / "left";
  fs::create_directories(live);
  fs::create_directories(left);
  fs::copy_file(stored.path(), live / "ledger.db");
  const TreeHead head = head_of_what_is_read(**store::LedgerReader::open(stored.path()));
  RecordedDisk recorded;
  recorded.begin(live);
  {
    engine::testing::CountingIds ids;
    const auto owner = SqliteLedger::open(live / "ledger.db", {.ids = ids, .vfs = RecordedDisk::vfs});
    ASSERT_TRUE(owner) << owner.error().message;
  }
  const RecordedDisk::Paused paused(recorded);
  PowerCuts walk(recorded);
  const std::size_t operations = recorded.operations().size();
  std::size_t cuts = 0, migrated = 0;
  for (std::size_t place = 0; place <= operations; ++place) {
    walk.go_to(place);
    for (const CutFate fate : fates) {
      for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"})
        fs::remove(left / name);
      walk.leave(left, fate, place);
      const std::string problem = problem_of(left / "ledger.db", head, migrated);
      ASSERT_EQ(problem, "") << "cut after operation " << place << " of " << operations << ", fate "
                             << static_cast<int>(fate);
      ++cuts;
    }
  }
  EXPECT_GT(migrated, 0U);
  RecordProperty("cuts", static_cast<int>(cuts));
  if (GetParam() == "schema-1") {
    EXPECT_LT(migrated, cuts) << "cut before the commit it is the old one";
  }
}

}  // namespace
}  // namespace autoheal::testing
