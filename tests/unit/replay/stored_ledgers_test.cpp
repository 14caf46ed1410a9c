// Ledgers that earlier versions left (tests/ledgers, made by the script there): read as they are, replayed to the same,
// and once more after an owner of today has taken them over.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/system_ports.hpp"
#include "store/ledger_reader.hpp"
#include "store/sqlite_ledger.hpp"
#include "store/vault.hpp"
#include "tests/support/program.hpp"
#include "tests/support/replayed.hpp"

namespace autoheal::replay {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> stored_ledgers() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(AUTOHEAL_SOURCE_DIR "/tests/ledgers")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".tar.gz")) names.push_back(name.substr(0, name.size() - 7));
  }
  return names;
}

class StoredLedger : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "stored." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
    const auto unpacked = autoheal::testing::run(
        {{"/usr/bin/tar", "-xzf", std::string(AUTOHEAL_SOURCE_DIR) + "/tests/ledgers/" + GetParam() + ".tar.gz"},
         {},
         {},
         folder_.string()});
    ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  fs::path ledger() const { return folder_ / "var/ledger.db"; }

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
      EXPECT_EQ(name_of(replayed.state.phase), state) << heal;
      EXPECT_EQ(std::to_string(replayed.state.attempt), attempts) << heal;
    });
    EXPECT_GE(heals, 10U);
  }

 private:
  // heal,engine,strategy,state,attempts,... as `autoheal heals -o csv` printed it then.
  template <class Take>
  void for_each_line(const Take& take) const {
    std::ifstream lines(folder_ / "heals.csv");
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

  fs::path folder_;
};
INSTANTIATE_TEST_SUITE_P(OfEarlierVersions, StoredLedger, ::testing::ValuesIn(stored_ledgers()));

TEST_P(StoredLedger, IsReadAndReplayedAsItIs) { expect_all_as_it_was(); }

TEST_P(StoredLedger, IsTakenOverByAnOwnerOfTodayAndStaysTheSame) {
  {
    engine::SystemClock clock;
    engine::SystemRandomness randomness;
    engine::UuidV7Source ids(clock, randomness);
    const auto owned = store::SqliteLedger::open(ledger(), {.ids = ids});
    ASSERT_TRUE(owned) << owned.error().message;
  }
  expect_all_as_it_was();
}

}  // namespace
}  // namespace autoheal::replay
