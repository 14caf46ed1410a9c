// Entries in, figures out: what is counted, what stands now, and what cannot add a series.
#include "autoheal/workflows/steward/steward.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StewardTest : public ::testing::Test {
 protected:
  static constexpr const char* certification_refused =
      R"({"refusals":[{"criterion":"test_matrix","reason":"a"},{"criterion":"test_matrix","reason":"b"},)"
      R"({"criterion":"rbac","reason":"c"}],"attempt":1})";

  void happens(const std::string& type, const std::string& data = "{\"attempt\":1}",
               Duration later = milliseconds(10)) {
    now_ += later;
    steward_.take(entry(type), data);
  }
  engine::Entry entry(const std::string& type) {
    engine::Entry entry;
    entry.type = type;
    entry.time = now_;
    entry.subject = engine_;
    entry.stream = stream_;
    return entry;
  }
  void triggered(const std::string& stream, const std::string& strategy = "arie", const std::string& via = "daemon") {
    stream_ = stream;
    happens("heal.triggered", R"({"strategy":")" + strategy + R"(","by":{"via":")" + via + "\"}}");
  }
  void planned_and_applied() {
    happens("heal.repair_started");
    happens("heal.plan_recorded", "{}", milliseconds(20));
    happens("heal.plan_certified");
    happens("heal.repair_finished", "{}", milliseconds(200));
    happens("heal.certification_started");
  }
  void refused() {
    happens("heal.certification_refused", certification_refused, seconds(2));
    happens("heal.rollback_started");
    happens("heal.rolled_back", "{}", milliseconds(30));
  }
  [[nodiscard]] StewardFigures figures() const { return steward_.figures(); }

  Steward steward_;
  Timestamp now_{seconds(1'000'000)};
  std::string stream_, engine_ = "EnvRecon";
};

TEST_F(StewardTest, ACertifiedHealCountsOnceInEachPlace) {
  triggered("a", "cascade", "cli");
  planned_and_applied();
  EXPECT_EQ(figures().open[OpenPhase::certifying], 1U);
  happens("heal.certified", "{}", seconds(2));
  happens("heal.completed", R"({"attempts":1,"took_us":2300000})");
  const StewardFigures seen = figures();
  EXPECT_EQ(seen.heals[Strategy::cascade][HealEnd::complete], 1U);
  EXPECT_EQ(seen.attempts[Strategy::cascade][AttemptEnd::certified], 1U);
  EXPECT_EQ(seen.attempts[Strategy::cascade][AttemptEnd::failed], 0U);
  EXPECT_EQ(seen.triggers[TriggerSource::cli][TriggerEnd::started], 1U);
  EXPECT_EQ(seen.certifications[Certifier::plan][RefusedFor::none], 1U);
  EXPECT_EQ(seen.certifications[Certifier::outcome][RefusedFor::none], 1U);
  EXPECT_EQ(seen.heal_took[HealEnd::complete].sum(), milliseconds(2300));
  EXPECT_EQ(seen.step_took[TimedStep::plan].sum(), milliseconds(20));
  EXPECT_EQ(seen.step_took[TimedStep::apply].sum(), milliseconds(210)) << "from the plan on";
  EXPECT_EQ(seen.step_took[TimedStep::certify].sum(), seconds(2));
  EXPECT_EQ(seen.open, Counts<OpenPhase>());
  EXPECT_EQ(seen.engines_exhausted, 0U);
}

TEST_F(StewardTest, AnExhaustedHealCountsEachAttemptAndEachCriterionOnce) {
  triggered("a");
  planned_and_applied();
  refused();
  happens("heal.retry_scheduled");
  EXPECT_EQ(figures().open[OpenPhase::retrying], 1U);
  planned_and_applied();
  refused();
  happens("heal.exhausted", R"({"attempts":2,"reason":"attempts_exhausted","took_us":9000000})");
  const StewardFigures seen = figures();
  EXPECT_EQ(seen.heals[Strategy::arie][HealEnd::exhausted], 1U);
  EXPECT_EQ(seen.attempts[Strategy::arie][AttemptEnd::failed], 2U);
  EXPECT_EQ(seen.certifications[Certifier::outcome][RefusedFor::test_matrix], 2U) << "two reasons, one criterion";
  EXPECT_EQ(seen.certifications[Certifier::outcome][RefusedFor::rbac], 2U);
  EXPECT_EQ(seen.exhausted_for[EndReason::attempts_exhausted], 1U);
  EXPECT_EQ(seen.step_took[TimedStep::roll_back].count(), 2U);
  EXPECT_EQ(seen.engines_exhausted, 1U);
}

TEST_F(StewardTest, AHealThatNeverBeganAnAttemptHasNone) {
  triggered("a");
  happens("heal.exhausted", R"({"attempts":0,"reason":"dependency_failed"})");
  EXPECT_EQ(figures().attempts[Strategy::arie][AttemptEnd::failed], 0U);
  EXPECT_EQ(figures().exhausted_for[EndReason::dependency_failed], 1U);
}

TEST_F(StewardTest, AnEngineIsExhaustedUntilItPassesIsHealedOrReset) {
  const auto exhausts = [this](const std::string& engine) {
    engine_ = engine;
    triggered("of " + engine);
    happens("heal.exhausted", R"({"reason":"cancelled"})");
  };
  for (const char* engine : {"A", "B", "C"}) exhausts(engine);
  EXPECT_EQ(figures().engines_exhausted, 3U);
  engine_ = "A";
  happens("selftest.engine_tested", R"({"outcome":"failed"})");
  EXPECT_EQ(figures().engines_exhausted, 3U);
  happens("selftest.engine_tested", R"({"outcome":"passed"})");
  EXPECT_EQ(figures().engines_exhausted, 2U);
  engine_ = "B";
  happens("engine.reset");
  EXPECT_EQ(figures().engines_exhausted, 1U);
  engine_ = "";
  happens("engine.reset");
  EXPECT_EQ(figures().engines_exhausted, 0U) << "all were reset";
}

TEST_F(StewardTest, EachWayInIsASourceOfItsOwn) {
  for (const char* via : {"socket", "token", "certificate"}) triggered(via, "arie", via);
  for (const auto source : {TriggerSource::socket, TriggerSource::token, TriggerSource::certificate})
    EXPECT_EQ(figures().triggers[source][TriggerEnd::started], 1U);
  EXPECT_EQ(figures().triggers[TriggerSource::other][TriggerEnd::started], 0U);
}

TEST_F(StewardTest, WordsOfOtherVersionsFallUnderOtherAndAddNoSeries) {
  triggered("a", "arie", "carrier pigeon");
  happens("heal.plan_refused", R"({"refusals":[{"criterion":"mood","reason":"x"}]})");
  happens("heal.skipped", R"({"reason":"full moon"})");
  EXPECT_EQ(figures().triggers[TriggerSource::other][TriggerEnd::started], 1U);
  EXPECT_EQ(figures().certifications[Certifier::plan][RefusedFor::other], 1U);
  EXPECT_EQ(figures().skips[SkipReason::other], 1U);
  EXPECT_EQ(figures().triggers[TriggerSource::daemon][TriggerEnd::skipped], 1U) << "it names nobody: the daemon itself";
}

TEST_F(StewardTest, EntriesThatCannotBeReadAreCountedAndEndNothing) {
  stream_ = "a";
  happens("heal.triggered", "{}");
  happens("heal.triggered", "no JSON");
  triggered("b");
  happens("heal.completed", "{");
  EXPECT_EQ(figures().unreadable, 3U);
  EXPECT_EQ(figures().triggers[TriggerSource::daemon][TriggerEnd::started], 1U) << "the one that can be read";
}

TEST_F(StewardTest, AnEndForAReasonOfALaterVersionCountsForNoOtherReason) {
  triggered("a");
  happens("heal.exhausted", R"({"attempts":0,"reason":"bored"})");
  EXPECT_EQ(figures().exhausted_for, Counts<EndReason>());
  EXPECT_EQ(figures().heals[Strategy::arie][HealEnd::exhausted], 1U);
  EXPECT_EQ(figures().engines_exhausted, 1U);
  EXPECT_EQ(figures().unreadable, 1U);
}

TEST_F(StewardTest, AHealWhoseEndCannotBeReadIsOpenNoMore) {
  triggered("a");
  planned_and_applied();
  happens("heal.certified", "{}");
  happens("heal.completed", "{");
  EXPECT_EQ(figures().open, Counts<OpenPhase>());
}

TEST_F(StewardTest, ThePastTellsHowThingsStandAndCountsForNothing) {
  stream_ = "a";
  steward_.remember(entry("heal.triggered"), R"({"strategy":"chimera"})");
  steward_.remember(entry("heal.repair_started"), "{}");
  StewardFigures expected;
  expected.open[OpenPhase::repairing] = 1;
  EXPECT_EQ(figures(), expected);
  happens("heal.exhausted", R"({"reason":"held"})");
  EXPECT_EQ(figures().heals[Strategy::chimera][HealEnd::exhausted], 1U);
  EXPECT_EQ(figures().attempts[Strategy::chimera][AttemptEnd::failed], 1U);
}

TEST_F(StewardTest, AHealFromBeforeTheFirstEntryIsLeftOut) {
  stream_ = "a";
  happens("heal.certified");
  happens("heal.completed", R"({"took_us":5})");
  EXPECT_EQ(figures(), StewardFigures());
}

TEST(DurationHistogramTest, CountsEachDurationUnderTheFirstBoundThatHoldsIt) {
  DurationHistogram took;
  for (const Duration one : {Duration(0), Duration(milliseconds(10)), Duration(milliseconds(11)), Duration(seconds(5)),
                             Duration(std::chrono::hours(2)), Duration(-5)})
    took.observe(one);
  EXPECT_EQ(took.up_to(0), 3U) << "the bound itself, nothing, and a clock that was set back";
  EXPECT_EQ(took.up_to(1), 4U);
  EXPECT_EQ(took.up_to(DurationHistogram::bounds.size() - 1), 5U);
  EXPECT_EQ(took.count(), 6U);
  EXPECT_EQ(took.sum(), milliseconds(21) + seconds(5) + std::chrono::hours(2));
}

}  // namespace
}  // namespace autoheal::workflows
