// Ledgers that earlier versions left (tests/ledgers, made by the script there): read as they are, replayed to the same,
// and once more after an owner of today has taken them over.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/replay/record/legal_paths.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/stored_ledger.hpp"
#include "tests/support/worlds/replayed.hpp"

namespace autoheal::replay {
namespace {

namespace fs = std::filesystem;

class StoredLedger : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path ledger() const { return unpacked_.path(); }
  store::TreeHead head_of_export() const {
    const auto past = store::LedgerReader::open(ledger());
    store::GrowingTree tree;
    EXPECT_TRUE(store::export_lines(**past, {}, [&](std::string_view line, const engine::Entry&) {
      tree.append(store::leaf_hash(line));
      return true;
    }));
    return tree.head();
  }

  void expect_all_as_it_was() const {
    const auto past = store::LedgerReader::open(ledger());
    const auto vault = store::Vault::open(ledger().string() + ".vault", {}, store::VaultAccess::read_only);
    ASSERT_TRUE(past) << past.error().message;
    ASSERT_TRUE(vault) << vault.error().message;
    Adoptions adoptions;
    autoheal::testing::expect_replays_to_same(**past, **vault, adoptions);
    std::size_t heals = 0;
    for_each_line([&](const std::string& heal, const std::string& state, const std::string& attempts) {
      ++heals;
      const auto entries = (*past)->read_stream(heal, 1);
      ASSERT_TRUE(entries) << entries.error().message;
      const PastWorld world(**vault, adoptions);
      RecordedHeal recorded(*entries, world.blobs());
      const Replayed replayed = replay_heal(recorded, world);
      EXPECT_EQ(name_of(replayed.state.phase()), state) << heal;
      EXPECT_EQ(std::to_string(replayed.state.attempt_number()), attempts) << heal;
    });
    EXPECT_GE(heals, 10U);
  }

 private:
  // heal,engine,strategy,state,attempts,... as `autoheal heals -o csv` printed it then.
  template <class Take>
  void for_each_line(const Take& take) const {
    std::ifstream lines(unpacked_.folder() / "heals.csv");
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::vector<std::string> cells;
      std::istringstream cut(line);
      for (std::string cell; std::getline(cut, cell, ',');) cells.push_back(cell);
      ASSERT_GE(cells.size(), 5U) << line;
      take(cells[0], cells[3], cells[4]);
    }
  }

  autoheal::testing::UnpackedLedger unpacked_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(OfEarlierVersions, StoredLedger, ::testing::ValuesIn(autoheal::testing::stored_ledgers()));

TEST_P(StoredLedger, IsReadAndReplayedAsItIs) { expect_all_as_it_was(); }

TEST_P(StoredLedger, Case139_IsTakenOverByAnOwnerOfTodayVerifiesAndHasTheSameRoot) {
  const store::TreeHead before = head_of_export();
  {
    engine::SystemClock clock;
    engine::SystemRandomness randomness;
    engine::UuidV7Source ids(clock, randomness);
    const auto owned = store::SqliteLedger::open(ledger(), {.ids = ids});
    ASSERT_TRUE(owned) << owned.error().message;
    EXPECT_EQ((*owned)->tree_head(), before);
  }
  EXPECT_EQ(head_of_export(), before);
  const LegalPaths rules;
  const auto verified = store::verify_ledger(ledger(), {.threads = 1, .rules = &rules, .unsigned_is_sound = true});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_TRUE(verified->sound()) << verified->problems.front();
  EXPECT_EQ(verified->head, before);
  expect_all_as_it_was();
}

}  // namespace
}  // namespace autoheal::replay
