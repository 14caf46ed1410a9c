// Whole heals on the real ledger, the power cut at every operation of its disk: the heal goes on after the restart and
// ends as the one that nobody disturbed, nothing is done twice, and what is left replays to the same.
#include <gtest/gtest.h>

#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/files/recorded_disk.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using store::SqliteLedger;

// Every operation in long runs; else a few of each heal, at other places for each example.
unsigned stride() {
#ifdef AUTOHEAL_SANITIZED
  return 29;
#else
  return long_runs() ? 1 : 3;
#endif
}

class PoweredHeal : public ::testing::TestWithParam<HealExample> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<SqliteLedger>> made = open(empty_);
    ASSERT_TRUE(made) << made.error().message;
  }

  Result<std::unique_ptr<SqliteLedger>> open(const fs::path& folder) {
    return SqliteLedger::open(folder / "ledger.db", {.ids = ids_, .vfs = RecordedDisk::vfs});
  }

  struct Left {
    std::shared_ptr<HealWorld> world;
    bool acknowledged = false;  // somebody was told that the heal began
  };
  // Until it ends or the power goes.
  Left run(const fs::path& folder, std::size_t operations) {
    fs::remove_all(folder);
    fs::copy(empty_, folder);
    recorded_.begin(folder);
    recorded_.cut_after(operations);
    Left left;
    left.world = make_world(GetParam());
    left.world->replays = false;  // its ledger is the one on the disk
    if (const auto ledger = open(folder)) {
      HealProcess process(*left.world, **ledger);
      process.start();
      process.run([this] { return recorded_.has_power(); });
      left.acknowledged = !left.world->heal.empty();
    }
    return left;
  }

  // Another process on the same machine after the power came back: how all of it ends, or what is wrong.
  std::string go_on(const Left& left, const fs::path& folder) {
    const auto ledger = open(folder);
    if (!ledger) return ledger.error().message;
    HealProcess process(*left.world, **ledger);
    const auto page = (*ledger)->read_all({}, 1);
    if (page->entries.empty()) {
      if (left.acknowledged) return "the heal is lost";
      process.start();
    } else {
      left.world->heal = page->entries.front().stream;
      process.recover();
    }
    process.run();
    return outcome_of(left, **ledger, folder);
  }

  static std::string outcome_of(const Left& left, const SqliteLedger& ledger, const fs::path& folder) {
    const auto verified = store::verify_ledger(folder / "ledger.db", {.threads = 1, .unsigned_is_sound = true});
    if (!verified || !verified->sound()) return "it does not verify";
    replay::Adoptions adoptions;
    if (left.world->policy.baseline) adoptions.take(left.world->spec.name, *left.world->policy.baseline);
    expect_replays_to_same(ledger, left.world->blobs, adoptions);
    const auto entries = ledger.read_stream(left.world->heal, 1);
    return left.world->host.picture() + (entries->empty() ? "no heal" : entries->back().type);
  }

  RecordedDisk recorded_;
  TemporaryFolder folder_;
  engine::testing::CountingIds ids_;
  const fs::path empty_ = folder_ / "empty", live_ = folder_ / "live", after_ = folder_ / "after";
};
INSTANTIATE_TEST_SUITE_P(Example, PoweredHeal, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(PoweredHeal, Case84_EndsTheSameWhereverThePowerGoes) {
  const Left whole = run(live_, static_cast<std::size_t>(-1));
  const std::size_t operations = recorded_.operations().size();
  ASSERT_GT(operations, 20U);
  RecordProperty("operations", static_cast<int>(operations));
  std::string expected;
  {
    const RecordedDisk::Paused paused(recorded_);
    const auto ledger = open(live_);
    ASSERT_TRUE(ledger);
    expected = outcome_of(whole, **ledger, live_);
    ASSERT_TRUE(expected.ends_with("heal.completed")) << expected;
  }
  for (std::size_t cut = GetParam().name.size() % stride(); cut < operations; cut += stride()) {
    const Left left = run(live_, cut);
    const RecordedDisk::Paused paused(recorded_);
    PowerCuts walk(recorded_);
    walk.go_to(recorded_.operations().size());
    fs::remove_all(after_);
    walk.leave(after_, cut % 2 == 0 ? CutFate::mixed : CutFate::dropped, cut);
    ASSERT_EQ(go_on(left, after_), expected) << "cut after operation " << cut;
  }
}

}  // namespace
}  // namespace autoheal::testing
