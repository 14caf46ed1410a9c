// Brakes of the daemon: failures that must repeat, pauses that grow, an hour's worth of heals.
#include "autoheal/workflows/supervision/brakes.hpp"

#include <gtest/gtest.h>

namespace autoheal::workflows {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

HealingSpec with_cooldown(Duration cooldown) {
  HealingSpec healing;
  healing.cooldown = cooldown;
  return healing;
}

TEST(Brakes, ASureFailureIsEnoughOnce) {
  Brakes brakes;
  EXPECT_TRUE(brakes.failed_enough({}, true));
}

TEST(Brakes, AnUnsureOneMustFailSeveralTimesInARow) {
  HealingSpec healing;
  healing.fail_after = 3;
  Brakes brakes;
  EXPECT_FALSE(brakes.failed_enough(healing, false));
  EXPECT_FALSE(brakes.failed_enough(healing, false));
  brakes.passed();
  EXPECT_FALSE(brakes.failed_enough(healing, false));
  EXPECT_FALSE(brakes.failed_enough(healing, false));
  EXPECT_TRUE(brakes.failed_enough(healing, false));
  EXPECT_TRUE(brakes.failed_enough(healing, false));
}

TEST(Brakes, EachPauseIsTwiceAsLongUpToAnHour) {
  Brakes brakes;
  Duration now{0};
  for (const Duration expected : {minutes(5), minutes(10), minutes(20), minutes(40), minutes(60), minutes(60)}) {
    brakes.exhausted({}, now);
    EXPECT_EQ(brakes.cools_until(now), now + expected);
    EXPECT_EQ(brakes.cools_until(now + expected), std::nullopt);
    now += expected;
  }
}

TEST(Brakes, ALongerPauseThanAnHourIsKeptAsItIs) {
  Brakes brakes;
  brakes.exhausted(with_cooldown(hours(3)), Duration{0});
  brakes.exhausted(with_cooldown(hours(3)), Duration{0});
  EXPECT_EQ(brakes.cools_until(Duration{0}), Duration(hours(3)));
}

TEST(Brakes, WithoutACooldownThereIsNoPause) {
  Brakes brakes;
  brakes.exhausted(with_cooldown(Duration{0}), minutes(1));
  EXPECT_EQ(brakes.cools_until(minutes(1)), std::nullopt);
}

TEST(Brakes, APassOrAResetEndsThePauseAndItsGrowth) {
  for (const bool by_reset : {false, true}) {
    Brakes brakes;
    brakes.exhausted({}, Duration{0});
    brakes.exhausted({}, Duration{0});
    by_reset ? brakes.reset() : brakes.passed();
    EXPECT_EQ(brakes.cools_until(Duration{0}), std::nullopt);
    brakes.exhausted({}, Duration{0});
    EXPECT_EQ(brakes.cools_until(Duration{0}), Duration(minutes(5)));
  }
}

TEST(Brakes, AnHourSeesSoManyHeals) {
  HealingSpec healing;
  healing.max_heals_per_hour = 2;
  Brakes brakes;
  brakes.heal_began(minutes(0));
  EXPECT_FALSE(brakes.flaps(healing, minutes(10)));
  brakes.heal_began(minutes(10));
  EXPECT_TRUE(brakes.flaps(healing, minutes(59)));
  EXPECT_FALSE(brakes.flaps(healing, minutes(60)));
}

TEST(Brakes, QuietOutlastsAPassButNotAReset) {
  Brakes brakes;
  brakes.suppress(minutes(1));
  brakes.passed();
  EXPECT_EQ(brakes.quiet_until(minutes(30)), Duration(minutes(61)));
  EXPECT_EQ(brakes.quiet_until(minutes(61)), std::nullopt);
  brakes.suppress(minutes(61));
  brakes.reset();
  EXPECT_EQ(brakes.quiet_until(minutes(62)), std::nullopt);
}

}  // namespace
}  // namespace autoheal::workflows
