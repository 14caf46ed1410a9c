#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/autoheal/commands/audit/statistics_text.hpp"

namespace autoheal::cli {
namespace {

using ::testing::HasSubstr;

store::HealFigures heal(const std::string& engine, const std::string& ending, std::int64_t took_ms,
                        const std::string& reason = "") {
  store::HealFigures figures;
  figures.engine = engine;
  figures.strategy = "arie";
  figures.ending = ending;
  figures.attempts = ending == "heal.exhausted" ? 3 : 1;
  figures.reason = reason;
  figures.took = std::chrono::milliseconds(took_ms);
  return figures;
}

StatisticsOfPeriod some_period(const std::string& name, int certified) {
  StatisticsOfPeriod period{name, {}};
  for (int n = 1; n <= certified; ++n) period.figures.add(heal("nginx", "heal.completed", n * 10));
  period.figures.add(heal("nginx", "heal.exhausted", 99'000, "attempts_exhausted"));
  period.figures.add(heal("app\x1b[31m", "", 0));
  return period;
}

TEST(HealStatistics, CountsWhatEndedAndRanksWhatWasCertified) {
  const HealStatistics figures = some_period("2026Q3", 19).figures;
  EXPECT_EQ(figures.all.heals, 21U);
  EXPECT_EQ(figures.all.open(), 1U);
  EXPECT_EQ(figures.all.attempts, 19U + 3U + 1U);
  EXPECT_EQ(figures.all.success_permille(), 950U);  // the open one says nothing yet
  EXPECT_EQ(figures.all.time_to_repair(50), std::chrono::milliseconds(100));
  EXPECT_EQ(figures.all.time_to_repair(95), std::chrono::milliseconds(190));
  EXPECT_EQ(figures.reasons.at("attempts_exhausted"), 1U);
  EXPECT_EQ(HealTally().success_permille(), std::nullopt);
  EXPECT_EQ(HealTally().time_to_repair(50), std::nullopt);
}

TEST(HealStatistics, StandBesideAnotherPeriod) {
  const auto now = some_period("2026Q3", 19), before = some_period("2026Q2", 4);
  Console console(OutputFormat::text, "never");
  ::testing::internal::CaptureStdout();
  print_statistics(console, now, &before, true);
  const std::string shown = ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(shown, HasSubstr("21 (+15) heals, 95.0 % (+15.0) certified, 1 (=) failed"));
  EXPECT_THAT(shown, HasSubstr("half within 0.100 s (+0.080 s)"));
  EXPECT_THAT(shown, HasSubstr("████████████████████"));
  EXPECT_THAT(shown, HasSubstr("app\\u001b[31m"));
  const auto json = nlohmann::json::parse(statistics_json(now, &before));
  EXPECT_EQ(json.at("now").at("all").at("success_permille"), 950);
  EXPECT_EQ(json.at("before").at("engines").at("nginx").at("heals"), 5);
}

TEST(HealStatistics, BarsAreOfBlocksOrSigns) {
  EXPECT_EQ(bar(1, 2, 4, true), "██");
  EXPECT_EQ(bar(3, 16, 4, true), "▊");
  EXPECT_EQ(bar(1, 2, 4, false), "##");
  EXPECT_EQ(bar(1, 1'000'000, 4, true), "▏");
  EXPECT_EQ(bar(0, 5, 4, true), "");
  EXPECT_EQ(bar(7, 0, 4, true), "");
}

}  // namespace
}  // namespace autoheal::cli
