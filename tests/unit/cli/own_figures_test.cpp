// Figures that no entry tells: counted in memory, and in the metrics with zero before anything happens.
#include "tools/autoheal/steward/own_figures.hpp"

#include <gtest/gtest.h>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "tools/autoheal/steward/exposition.hpp"
#include "tools/autoheal/steward/timed_ledger.hpp"

namespace autoheal::cli {
namespace {

using engine::AppendStatus;
using workflows::AppendHistogram;

constexpr auto sample = "autoheal_subscription_lag_events{target=\"";

// A disk that takes its time, and may have no room.
struct SlowDisk final : engine::testing::LedgerOver {
  SlowDisk(engine::Ledger& under, engine::testing::FakeClock& on) : LedgerOver(under), clock(on) {}
  engine::testing::FakeClock& clock;
  Duration takes = std::chrono::milliseconds(3);
  bool full = false;
  engine::AppendResult append(const engine::Batch& batch) override {
    clock.advance(takes);
    if (full) return {AppendStatus::unavailable, {}, {}, {}, {}, "no space left"};
    return LedgerOver::append(batch);
  }
};

engine::Batch place(std::uint64_t at) { return {.streams = {}, .places = {{"webhook/a", {at}}}}; }

TEST(TimedLedger, CountsHowLongEachCommitTookOnTheClockOfThePort) {
  store::MemoryLedger memory("ledger-1");
  engine::testing::FakeClock clock;
  SlowDisk disk(memory, clock);
  OwnFigures figures;
  TimedLedger ledger(disk, clock, figures);
  EXPECT_EQ(ledger.append(place(1)).status, AppendStatus::ok);
  disk.takes = std::chrono::seconds(3);
  EXPECT_EQ(ledger.append(place(2)).status, AppendStatus::ok);
  disk.full = true;
  EXPECT_EQ(ledger.append(place(3)).status, AppendStatus::unavailable);
  const AppendHistogram took = figures.seen().append_took;
  EXPECT_EQ(took.count(), 2U) << "what was refused is no commit";
  EXPECT_EQ(took.sum(), std::chrono::milliseconds(3003));
  EXPECT_EQ(took.up_to(4), 0U) << "2.5 ms";
  EXPECT_EQ(took.up_to(5), 1U) << "5 ms";
  EXPECT_EQ(took.up_to(AppendHistogram::bounds.size() - 1), 1U) << "the other one took longer than all bounds";
  EXPECT_EQ((*ledger.place_of("webhook/a"))->value, 2U);
}

std::string told_by(const OwnFigures& figures, std::uint64_t head = 100) {
  return exposition({}, {"1.2.3", {head}, true, figures.seen()});
}

bool says(const std::string& text, const std::string& line) { return text.contains("\n" + line + "\n"); }

TEST(OwnFigures, AreInTheMetrics) {
  OwnFigures figures;
  for (const char* none : {"autoheal_ledger_append_duration_seconds_count 0",
                           "autoheal_ledger_append_duration_seconds_bucket{le=\"0.0001\"} 0",
                           "autoheal_ledger_verified_timestamp_seconds 0", "autoheal_lease_lost_total 0",
                           "autoheal_heals_stuck 0", "autoheal_subscription_lag_events{target=\"other\"} 0"})
    EXPECT_TRUE(says(told_by(figures), none)) << none << "\n" << told_by(figures);
  figures.appended(std::chrono::milliseconds(2));
  figures.lost_lease();
  figures.set_aside();
  figures.verified(Timestamp(std::chrono::milliseconds(1'500)));
  for (const char* one :
       {"autoheal_ledger_append_duration_seconds_count 1",
        "autoheal_ledger_append_duration_seconds_bucket{le=\"0.001\"} 0",
        "autoheal_ledger_append_duration_seconds_bucket{le=\"0.0025\"} 1",
        "autoheal_ledger_append_duration_seconds_sum 0.002", "autoheal_ledger_verified_timestamp_seconds 1.5",
        "autoheal_lease_lost_total 1", "autoheal_heals_stuck 1"})
    EXPECT_TRUE(says(told_by(figures), one)) << one << "\n" << told_by(figures);
}

TEST(OwnFigures, TellHowFarEachTargetIsBehind) {
  OwnFigures figures;
  figures.follow("pager", {90});
  figures.follow("traces", {100});
  EXPECT_TRUE(says(told_by(figures), sample + std::string("pager\"} 10")));
  EXPECT_TRUE(says(told_by(figures), sample + std::string("traces\"} 0")));
  figures.moved("pager", {97});
  figures.moved("pager", {95});    // told late
  figures.moved("traces", {101});  // committed after the head was read
  figures.moved("nobody", {1});
  const std::string text = told_by(figures);
  EXPECT_TRUE(says(text, sample + std::string("pager\"} 3"))) << text;
  EXPECT_TRUE(says(text, sample + std::string("traces\"} 0"))) << text;
  EXPECT_FALSE(text.contains("nobody"));
  figures.forget("pager");
  figures.moved("pager", {98});  // what was under way when it was taken out of the configuration
  EXPECT_FALSE(told_by(figures).contains("pager"));
}

TEST(OwnFigures, AddNoSeriesForTargetsBeyondTheLimitOrForOneThatIsCalledOther) {
  OwnFigures figures;
  for (std::size_t number = 10; number < 10 + most_named_targets; ++number)
    figures.follow("t" + std::to_string(number), {100});
  figures.follow("u", {60});
  figures.follow("v", {40});
  figures.follow("other", {80});
  const std::string text = told_by(figures);
  EXPECT_TRUE(says(text, sample + std::string("t29\"} 0"))) << text;
  EXPECT_FALSE(text.contains(sample + std::string("u\"")));
  EXPECT_TRUE(says(text, sample + std::string("other\"} 60"))) << text;
}

}  // namespace
}  // namespace autoheal::cli
