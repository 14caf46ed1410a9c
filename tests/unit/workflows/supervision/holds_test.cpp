// Hands off: as the ledger tells it, whatever process took the hold.
#include "autoheal/workflows/supervision/holds.hpp"

#include <gtest/gtest.h>

#include "autoheal/store/ledger/memory_ledger.hpp"

namespace autoheal::workflows {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Timestamp noon(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(12));
const By ops{"ops", "captain", 1000, 1000, "socket", "moving house"};

// The stream "ledger" of a machine on which people hold and unhold.
class Told {
 public:
  void add(engine::NewEntry entry) {
    engine::Batch batch;
    batch.streams.push_back({"ledger", version_++, {std::move(entry)}, engine::StreamLife::ends, {}});
    EXPECT_EQ(ledger_.append(batch).status, engine::AppendStatus::ok);
  }
  [[nodiscard]] std::optional<Hold> of(const std::string& engine, Timestamp now) const {
    return holds_in(ledger_)->of(engine, now);
  }

 private:
  store::MemoryLedger ledger_{"01890000-0000-7000-8000-000000000001"};
  std::uint64_t version_ = 0;
};

TEST(Holds, AHoldLastsUntilItsTimeAndNamesWhoTookIt) {
  Told told;
  told.add(engine_held("A", noon + hours(1), ops, noon));
  const auto hold = told.of("A", noon + minutes(59));
  ASSERT_TRUE(hold.has_value());
  EXPECT_EQ(hold->until, noon + hours(1));
  EXPECT_EQ(hold->by, ops);
  EXPECT_FALSE(told.of("A", noon + hours(1)).has_value());
  EXPECT_FALSE(told.of("B", noon).has_value());
}

TEST(Holds, AHoldOnAllHoldsEveryEngineAndTheLongestCounts) {
  Told told;
  told.add(engine_held("", noon + hours(2), ops, noon));
  told.add(engine_held("A", noon + hours(1), ops, noon));
  told.add(engine_held("B", noon + hours(3), ops, noon));
  EXPECT_EQ(told.of("A", noon)->until, noon + hours(2));
  EXPECT_EQ(told.of("B", noon)->until, noon + hours(3));
  EXPECT_EQ(told.of("C", noon)->until, noon + hours(2));
}

TEST(Holds, UnholdingOneLeavesTheHoldOnAll) {
  Told told;
  told.add(engine_held("", noon + hours(2), ops, noon));
  told.add(engine_held("A", noon + hours(3), ops, noon));
  told.add(engine_unheld("A", ops, noon));
  EXPECT_EQ(told.of("A", noon)->until, noon + hours(2));
  told.add(engine_held("A", noon + hours(3), ops, noon));
  told.add(engine_unheld("", ops, noon));
  EXPECT_FALSE(told.of("A", noon).has_value());
}

TEST(Holds, ANewHoldReplacesTheOldOneAlsoByAShorterOne) {
  Told told;
  told.add(engine_held("A", noon + hours(2), ops, noon));
  told.add(engine_held("A", noon + minutes(1), ops, noon));
  EXPECT_EQ(told.of("A", noon)->until, noon + minutes(1));
}

TEST(Holds, WhatCannotBeReadHoldsForEver) {
  for (const char* data : {"", "{}", R"({"until":"tomorrow"})", R"({"until":7})", "[1]",
                           R"({"until":"2026-11-23T12:00:01.000000Z","by":{"principal":1}})"}) {
    Told told;
    engine::NewEntry entry = engine_held("A", noon, ops, noon);
    entry.data = data;
    told.add(std::move(entry));
    EXPECT_TRUE(told.of("A", noon + hours(24 * 365)).has_value()) << data;
  }
}

TEST(Holds, OtherEntriesArePassedOver) {
  Told told;
  told.add(engine_held("A", noon + hours(1), ops, noon));
  told.add(engine_reset("A", ops, noon));
  EXPECT_TRUE(told.of("A", noon).has_value());
}

}  // namespace
}  // namespace autoheal::workflows
