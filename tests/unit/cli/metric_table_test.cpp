// The metrics as rows: read from the text that Prometheus reads.
#include "tools/autoheal/steward/metric_table.hpp"

#include <gmock/gmock.h>

#include "tools/autoheal/steward/exposition.hpp"

namespace autoheal::cli {
namespace {

using ::testing::ElementsAre;

TEST(MetricTable, HasARowForEachSeriesOfOurOwnText) {
  workflows::StewardFigures figures;
  figures.heals[workflows::Strategy::arie][workflows::HealEnd::complete] = 2;
  figures.heal_took[workflows::HealEnd::complete].observe(std::chrono::milliseconds(40));
  figures.heal_took[workflows::HealEnd::complete].observe(std::chrono::hours(2));
  figures.plugin_values = {{"Disk", "free", {"C:\\ \"x\"\n", 0.25, workflows::PluginUnit::ratio}}};
  const auto rows = metric_rows(exposition(figures, {"1.2.3", {7}, true}));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->front().metric, "heals_total");
  EXPECT_EQ(labels_text(rows->front()), "strategy=arie outcome=complete");
  EXPECT_EQ(rows->front().value, 2);
  const auto took = std::ranges::find(*rows, "heal_duration_seconds", &MetricRow::metric);
  ASSERT_NE(took, rows->end());
  EXPECT_TRUE(took->is_histogram);
  EXPECT_EQ(labels_text(*took), "outcome=complete");
  EXPECT_EQ(took->value, 2);
  EXPECT_DOUBLE_EQ(took->sum, 7200.04);
  EXPECT_THAT(took->counts, ElementsAre(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_EQ(rows->back().labels[2].second, "C:\\ \"x\"\n");
  EXPECT_EQ(rows->back().value, 0.25);
}

TEST(MetricTable, RefusesWhatIsNoMetric) {
  for (const char* line : {"{a=\"b\"} 1", "name", "name{a=\"b\"", "name{a=\"b} 1", "name{a=b} 1", "name 1x", "name{} x",
                           " 1", "name{a=\"\\"})
    EXPECT_FALSE(metric_rows(line)) << line;
  EXPECT_TRUE(metric_rows("")->empty());
  EXPECT_TRUE(metric_rows("# HELP a b\n\n# TYPE a gauge\n")->empty());
  EXPECT_EQ(metric_rows("other_metric{} 5 1700000000\n")->front().metric, "other_metric");
}

TEST(MetricTable, DrawsEachCountBesideTheLargest) {
  EXPECT_EQ(sparkline({0, 1, 4, 8}), " ▁▄█");
  EXPECT_EQ(sparkline({1, 1'000'000}), "▁█");
  EXPECT_EQ(sparkline({0, 0}), "  ");
  EXPECT_EQ(sparkline({}), "");
}

TEST(MetricTable, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(number_text(3), "3");
  EXPECT_EQ(number_text(21641560064.0), "21641560064");
  EXPECT_EQ(number_text(0.5123456), "0.512346");
  EXPECT_EQ(number_text(-2), "-2");
}

}  // namespace
}  // namespace autoheal::cli
