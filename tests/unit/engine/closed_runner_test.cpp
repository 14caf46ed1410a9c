// The loop of a process that ends: what is under way is still recorded, nothing else is begun or announced.
#include <gtest/gtest.h>

#include "autoheal/engine/runner.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/renewal.hpp"

namespace autoheal {
namespace {

using engine::Runner;
using testing::Renewal;

constexpr char install_started[] = "cert.renewal.install_started";

// Keeps what it is asked for: outcomes come when a test brings them.
struct HeldWorld final : engine::EffectPerformer<Renewal> {
  std::vector<Done> asked;
  void perform(const std::string&, const Renewal::Effect&, Done done) override { asked.push_back(std::move(done)); }
};

// A disk without room.
struct DiskOfNoRoom final : engine::testing::LedgerOver {
  using LedgerOver::LedgerOver;
  bool full = false;
  engine::AppendResult append(const engine::Batch& batch) override {
    if (full) return {engine::AppendStatus::unavailable, {}, {}, {}, {}, "no space left"};
    return LedgerOver::append(batch);
  }
};

struct ClosedRunner : ::testing::Test {
  engine::testing::FakeClock clock;
  engine::testing::CountingIds ids;
  store::MemoryBlobs blobs;
  store::MemoryLedger ledger{"ledger-1"};
  DiskOfNoRoom disk{ledger};
  HeldWorld world;
  Runner runner{{disk, blobs, clock, ids}};
  std::string stream;

  // Until it waits for its certificate.
  void order() {
    runner.register_workflow<Renewal>(world, "cert/");
    runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, [&](Result<std::string> began) { stream = *began; });
    turn();
    world.asked.at(0)(Renewal::OrderAccepted{});
    turn();
  }
  void install() {
    order();
    clock.advance(Renewal::issue_takes);
    turn();
    ASSERT_EQ(world.asked.size(), 2U);
  }
  void turn() {
    while (runner.turn()) {
    }
  }
  std::string last_entry() { return ledger.read_stream(stream, 1)->back().type; }
};

TEST_F(ClosedRunner, records_what_comes_of_what_is_under_way) {
  install();
  runner.close({});
  world.asked.at(1)(Renewal::InstallDone{});
  EXPECT_TRUE(runner.has_uncommitted());
  turn();
  EXPECT_FALSE(runner.has_uncommitted());
  EXPECT_EQ(last_entry(), "cert.renewal.installed");
  EXPECT_TRUE(ledger.open_streams()->empty());
}

TEST_F(ClosedRunner, leaves_an_outcome_that_says_nothing_to_the_next_process) {
  install();
  runner.hooks.outcome_counts = [] { return false; };
  runner.close({});
  world.asked.at(1)(Renewal::InstallDone{});
  turn();
  EXPECT_EQ(last_entry(), install_started);
  EXPECT_EQ(ledger.open_streams()->size(), 1U);
}

TEST_F(ClosedRunner, begins_nothing) {
  install();
  Result<std::string> began = std::string();
  runner.start<Renewal>(Renewal::Begin{"example.net"}, {}, [&](Result<std::string> told) { began = told; });
  runner.close({});
  turn();
  ASSERT_FALSE(began.has_value());
  EXPECT_EQ(began.error().kind, ErrorKind::unavailable);
  runner.submit<Renewal>(stream, Renewal::InstallDone{});
  turn();
  EXPECT_EQ(world.asked.size(), 2U);
  EXPECT_EQ(last_entry(), install_started);
}

TEST_F(ClosedRunner, wakes_nobody) {
  order();
  runner.close({});
  clock.advance(Renewal::issue_takes);
  EXPECT_FALSE(runner.turn());
  EXPECT_FALSE(runner.has_work());
  EXPECT_FALSE(runner.next_wake().has_value());
  EXPECT_EQ(world.asked.size(), 1U);
}

// The disk is full when an installation is decided on, and has room again when the process ends.
TEST_F(ClosedRunner, does_not_announce_what_it_does_not_perform) {
  order();
  disk.full = true;
  clock.advance(Renewal::issue_takes);
  EXPECT_FALSE(runner.turn());
  runner.close({install_started});
  disk.full = false;
  clock.advance(*runner.next_wake() - clock.since_boot());
  turn();
  EXPECT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(last_entry(), "cert.renewal.issued");
  HeldWorld later;
  Runner next{{ledger, blobs, clock, ids}};
  next.register_workflow<Renewal>(later, "cert/");
  ASSERT_TRUE(next.recover());
  while (next.turn()) {
  }
  ASSERT_EQ(later.asked.size(), 1U);
  later.asked.front()(Renewal::InstallDone{});
  while (next.turn()) {
  }
  EXPECT_EQ(last_entry(), "cert.renewal.installed");
}

TEST_F(ClosedRunner, keeps_other_entries_of_what_it_does_not_perform) {
  order();
  disk.full = true;
  clock.advance(Renewal::issue_takes);
  EXPECT_FALSE(runner.turn());
  runner.close({});
  disk.full = false;
  clock.advance(*runner.next_wake() - clock.since_boot());
  turn();
  EXPECT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(last_entry(), install_started);
}

}  // namespace
}  // namespace autoheal
