// The text that Prometheus reads: every series is there before anything happens.
#include "tools/autoheal/steward/exposition.hpp"

#include <gmock/gmock.h>

namespace autoheal::cli {
namespace {

using namespace workflows;
using ::testing::HasSubstr;
using ::testing::Not;

const StewardSetting setting{"1.2.3", {7}, true};

TEST(Exposition, HasEachSeriesWithZeroBeforeAnythingHappened) {
  const std::string text = exposition({}, setting);
  for (const char* series : {
           "autoheal_heals_total{strategy=\"arie\",outcome=\"complete\"} 0\n",
           "autoheal_heals_total{strategy=\"generic\",outcome=\"exhausted\"} 0\n",
           "autoheal_attempts_total{strategy=\"cascade\",result=\"failed\"} 0\n",
           "autoheal_certifications_total{of=\"outcome\",result=\"refused\",reason=\"test_matrix\"} 0\n",
           "autoheal_triggers_total{source=\"daemon\",disposition=\"skipped\"} 0\n",
           "autoheal_skips_total{reason=\"held\"} 0\n",
           "autoheal_exhausted_total{reason=\"rollback_incomplete\"} 0\n",
           "autoheal_heals_active{state=\"certifying\"} 0\n",
           "autoheal_engines_exhausted 0\n",
           "autoheal_heal_duration_seconds_bucket{outcome=\"complete\",le=\"+Inf\"} 0\n",
           "autoheal_step_duration_seconds_count{step=\"roll_back\"} 0\n",
           "autoheal_healing_enabled 1\n",
           "autoheal_plugin_values_left_out 0\n",
           "autoheal_ledger_events_total 7\n",
           "autoheal_build_info{version=\"1.2.3\"} 1\n",
       }) {
    EXPECT_THAT(text, HasSubstr(series));
  }
  EXPECT_THAT(text, Not(HasSubstr("result=\"certified\",reason=\"rbac\""))) << "a certificate has no reason to refuse";
}

TEST(Exposition, HasTheFiguresUnderTheirWords) {
  StewardFigures figures;
  figures.heals[Strategy::chimera][HealEnd::exhausted] = 3;
  figures.heal_took[HealEnd::exhausted].observe(std::chrono::milliseconds(1500));
  figures.open[OpenPhase::retrying] = 2;
  const std::string text = exposition(figures, setting);
  EXPECT_THAT(text, HasSubstr("autoheal_heals_total{strategy=\"chimera\",outcome=\"exhausted\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("autoheal_heals_active{state=\"retrying\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("autoheal_heal_duration_seconds_bucket{outcome=\"exhausted\",le=\"1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("autoheal_heal_duration_seconds_bucket{outcome=\"exhausted\",le=\"5\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("autoheal_heal_duration_seconds_sum{outcome=\"exhausted\"} 1.5\n"));
}

TEST(Exposition, AWitnessThatNeverCosignedIsThereWithZero) {
  EXPECT_THAT(exposition({}, setting), Not(HasSubstr("cosigned")));
  StewardSetting witnessed = setting;
  witnessed.witnesses = {{"witness.example/w1", 8, 1'700'000'000}, {"witness.example/w2", 0, 0}};
  const std::string text = exposition({}, witnessed);
  for (const char* series : {
           "autoheal_ledger_cosigned_events{witness=\"witness.example/w1\"} 8\n",
           "autoheal_ledger_cosigned_timestamp_seconds{witness=\"witness.example/w1\"} 1700000000\n",
           "autoheal_ledger_cosigned_events{witness=\"witness.example/w2\"} 0\n",
           "autoheal_ledger_cosigned_timestamp_seconds{witness=\"witness.example/w2\"} 0\n",
       }) {
    EXPECT_THAT(text, HasSubstr(series));
  }
}

}  // namespace
}  // namespace autoheal::cli
