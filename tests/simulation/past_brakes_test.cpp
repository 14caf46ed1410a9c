// The brakes over the past against the daemon that drew them: under the settings of the day itself nothing is held back
// that began, under others the right ones are.
#include <gmock/gmock.h>

#include "autoheal/replay/what_if/past_brakes.hpp"
#include "tests/simulation/faulty_day.hpp"

namespace autoheal::simulation {
namespace {

using replay::Brake;
using replay::Ending;
using replay::PastBrakes;
using replay::PastHeal;
using ::testing::IsEmpty;

// A day as readers of its ledger alone see it.
class LookedAt {
 public:
  explicit LookedAt(const FaultyDay& day) : specs_(day.engines()) {
    std::uint64_t place = 0;
    for (const autoheal::testing::Happening& one : day.history()) look(one, engine::Position{++place});
    for (const auto& [stream, heal] : heals_) brakes_.take(heal);
  }

  std::map<std::uint64_t, PastBrakes::Held> under(const std::function<void(workflows::HealingSpec&)>& change) const {
    return brakes_.judge([&](const std::string& name) -> std::optional<workflows::HealingSpec> {
      const auto spec = std::ranges::find(specs_, name, &workflows::EngineSpec::name);
      workflows::HealingSpec healing = spec->healing;
      change(healing);
      return healing;
    });
  }
  std::size_t flapped() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(heals_, [](const auto& heal) { return heal.second.flapped; }));
  }

 private:
  void look(const autoheal::testing::Happening& one, engine::Position place) {
    engine::Entry entry = one.entry;
    entry.position = place;
    entry.subject = one.engine;
    entry.time = Timestamp(one.at);
    if (one.what == "tested" && one.test->tested.outcome == workflows::TestOutcome::passed) {
      entry.stream = "ledger";
      entry.type = "selftest.engine_tested";
      entry.data = R"({"outcome":"passed"})";
    }
    if (one.what == "reset") entry.type = "engine.reset";
    brakes_.look(entry);
    if (entry.type == "heal.triggered") {
      PastHeal& heal = heals_[entry.stream];
      heal.order = place.value;
      heal.engine = brakes_.number_of(entry.subject);
      heal.began = place;
      heal.began_at = entry.time;
      heal.by_daemon = entry.data.find(R"("via":"daemon")") != std::string::npos;
    }
    if (entry.type != "heal.completed" && entry.type != "heal.exhausted") return;
    PastHeal& heal = heals_.at(entry.stream);
    heal.ended = place;
    heal.ended_at = entry.time;
    heal.recorded = heal.other = entry.type == "heal.completed" ? Ending::certified : Ending::exhausted;
    for (const char* reason : {"dependency_failed", "held", "disabled"})
      heal.for_others = heal.for_others || entry.data.find(R"("reason":")" + std::string(reason)) != std::string::npos;
    heal.flapped = entry.data.find(R"("reason":"flapping")") != std::string::npos;
  }

  std::vector<workflows::EngineSpec> specs_;
  PastBrakes brakes_;
  std::map<std::string, PastHeal> heals_;
};

std::size_t count(const std::map<std::uint64_t, PastBrakes::Held>& held, Brake brake) {
  return static_cast<std::size_t>(
      std::ranges::count_if(held, [&](const auto& one) { return one.second.brake == brake; }));
}

TEST(PastBrakes, UnderTheSettingsOfTheDayWhatBeganBegins) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    FaultyDay day(seed);
    day.run();
    const LookedAt past(day);
    EXPECT_THAT(past.under([](workflows::HealingSpec&) {}), IsEmpty()) << "seed " << seed;
    const auto tolerant = past.under([](workflows::HealingSpec& healing) { healing.max_heals_per_hour = 100'000; });
    EXPECT_EQ(count(tolerant, Brake::none), past.flapped()) << "seed " << seed;
    EXPECT_EQ(tolerant.size(), past.flapped()) << "seed " << seed;
    EXPECT_GT(past.flapped(), 0U) << "seed " << seed;
    const auto strict = past.under([](workflows::HealingSpec& healing) { healing.max_heals_per_hour = 1; });
    EXPECT_GT(count(strict, Brake::flaps), past.flapped()) << "seed " << seed;
    EXPECT_GT(count(strict, Brake::quiet), 0U) << "seed " << seed;
    const auto patient = past.under([](workflows::HealingSpec& healing) { healing.cooldown = std::chrono::hours(12); });
    EXPECT_GT(count(patient, Brake::cooldown), 0U) << "seed " << seed;
  }
}

// ---- one engine, heal by heal

class OneEngine {
 public:
  explicit OneEngine(workflows::HealingSpec healing) : healing_(healing) {}

  void heal(std::chrono::minutes at, Ending ending, bool by_daemon = true) {
    PastHeal heal;
    heal.order = ++place_;
    heal.engine = past_.number_of("E");
    heal.began = {place_};
    heal.ended = {++place_};
    heal.began_at = Timestamp(Duration(at));
    heal.ended_at = heal.began_at + std::chrono::seconds(1);
    heal.recorded = heal.other = ending;
    heal.by_daemon = by_daemon;
    past_.take(heal);
    last_ = heal.order;
  }
  void tell(std::chrono::minutes at, const std::string& type, const std::string& data) {
    engine::Entry entry;
    entry.position = {++place_};
    entry.stream = "ledger";
    entry.type = type;
    entry.subject = "E";
    entry.time = Timestamp(Duration(at));
    entry.data = data;
    past_.look(entry);
  }
  // The fate of the last heal; empty: it begins as it did.
  std::optional<Brake> last() const {
    const auto held = past_.judge([&](const std::string&) { return std::optional(healing_); });
    const auto found = held.find(last_);
    return found == held.end() ? std::nullopt : std::optional(found->second.brake);
  }

 private:
  workflows::HealingSpec healing_;
  PastBrakes past_;
  std::uint64_t place_ = 0, last_ = 0;
};

using std::chrono::minutes;

TEST(PastBrakes, APauseIsOverAfterItsTimeAPassOrAReset) {
  workflows::HealingSpec healing;
  healing.cooldown = minutes(30);
  OneEngine too_soon(healing), late_enough(healing), passed(healing), failed(healing), reset(healing), asked(healing);
  for (OneEngine* engine : {&too_soon, &late_enough, &passed, &failed, &reset, &asked})
    engine->heal(minutes(0), Ending::exhausted);
  too_soon.heal(minutes(20), Ending::certified);
  EXPECT_EQ(too_soon.last(), Brake::cooldown);
  late_enough.heal(minutes(31), Ending::certified);
  EXPECT_EQ(late_enough.last(), std::nullopt);
  passed.tell(minutes(5), "selftest.engine_tested", R"({"outcome":"passed"})");
  passed.heal(minutes(20), Ending::certified);
  EXPECT_EQ(passed.last(), std::nullopt);
  failed.tell(minutes(5), "selftest.engine_tested", R"({"outcome":"failed"})");
  failed.heal(minutes(20), Ending::certified);
  EXPECT_EQ(failed.last(), Brake::cooldown);
  reset.tell(minutes(5), "engine.reset", "{}");
  reset.heal(minutes(20), Ending::certified);
  EXPECT_EQ(reset.last(), std::nullopt);
  asked.heal(minutes(20), Ending::certified, false);
  EXPECT_EQ(asked.last(), std::nullopt);
}

TEST(PastBrakes, WhatIsHeldBackNeitherCountsNorDrawsAPause) {
  workflows::HealingSpec healing;
  healing.cooldown = minutes(30);
  OneEngine engine(healing);
  engine.heal(minutes(0), Ending::exhausted);
  engine.heal(minutes(20), Ending::exhausted);  // held back: the pause is not doubled
  engine.heal(minutes(40), Ending::certified);
  EXPECT_EQ(engine.last(), std::nullopt);
}

TEST(PastBrakes, AClockThatWasSetBackMakesNoPauseLonger) {
  workflows::HealingSpec healing;
  healing.cooldown = minutes(30);
  OneEngine late_enough(healing), too_soon(healing);
  for (OneEngine* engine : {&late_enough, &too_soon}) {
    engine->heal(minutes(600), Ending::exhausted);
    engine->tell(minutes(600), "node.heartbeat", "{}");
    engine->tell(minutes(10), "node.heartbeat", "{}");
  }
  late_enough.heal(minutes(45), Ending::certified);
  EXPECT_EQ(late_enough.last(), std::nullopt);
  too_soon.heal(minutes(30), Ending::certified);
  EXPECT_EQ(too_soon.last(), Brake::cooldown);
}

}  // namespace
}  // namespace autoheal::simulation
