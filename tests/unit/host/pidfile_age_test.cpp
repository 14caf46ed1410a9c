// The process that a dated pidfile can mean, after any change of the wall clock.
#include "tools/host/service/pidfile_age.hpp"

#include <gtest/gtest.h>

namespace autoheal::host {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration booted = hours(24 * 365 * 50);  // by the wall clock
constexpr Duration since_the_boot = hours(30);     // since the boot

WallClock clock_never_set() { return {booted, Duration{0}, {}}; }
// It began with the epoch, and was set to the time of day once there was a network.
WallClock clock_set_after_boot() { return {booted, Duration{0}, {seconds(2)}}; }

TEST(PidfileAge, WhoWritesItBeganBefore) {
  EXPECT_FALSE(began_after({booted + minutes(5)}, minutes(5), since_the_boot, clock_never_set()));
  EXPECT_FALSE(began_after({booted + minutes(5)}, minutes(5) + seconds(2), since_the_boot, clock_never_set()));
}

TEST(PidfileAge, WhoBeganLaterIsAnother) {
  EXPECT_TRUE(began_after({booted + minutes(5)}, minutes(6), since_the_boot, clock_never_set()));
  EXPECT_TRUE(began_after({booted - hours(1)}, minutes(6), since_the_boot, clock_never_set())) << "of the boot before";
}

TEST(PidfileAge, OneThatIsWrittenAgainAtEachReloadMeansTheSame) {
  EXPECT_FALSE(began_after({booted + since_the_boot}, minutes(5), since_the_boot, clock_never_set()))
      << "as Apache does";
}

TEST(PidfileAge, AClockThatIsSetWhileWeLookMakesNobodyAnother) {
  WallClock clock = clock_never_set();
  clock.boot += hours(2);
  EXPECT_TRUE(began_after({booted + minutes(5)}, minutes(5), since_the_boot, clock));
  clock.set_by = hours(2);
  EXPECT_FALSE(began_after({booted + minutes(5)}, minutes(5), since_the_boot, clock));
}

TEST(PidfileAge, AClockThatWasSetBeforeWeBeganMakesNobodyAnother) {
  const Duration written_by_clock_of_then = seconds(2) + minutes(5);
  EXPECT_TRUE(began_after({written_by_clock_of_then}, minutes(5), since_the_boot, clock_never_set()));
  EXPECT_FALSE(began_after({written_by_clock_of_then}, minutes(5), since_the_boot, clock_set_after_boot()));
}

TEST(PidfileAge, WhatIsStaleStaysStaleAfterTheClockWasSet) {
  // A file of an earlier boot, when the clock was right; and of this one, by either clock.
  EXPECT_TRUE(began_after({booted - hours(5)}, minutes(5), since_the_boot, clock_set_after_boot()));
  EXPECT_TRUE(began_after({booted + minutes(1)}, minutes(5), since_the_boot, clock_set_after_boot()));
  EXPECT_TRUE(began_after({seconds(2) + minutes(1)}, minutes(5), since_the_boot, clock_set_after_boot()));
}

TEST(PidfileAge, AClockThatWasSetBackMakesNobodyAnother) {
  WallClock clock = clock_never_set();
  clock.boot -= hours(3);
  EXPECT_FALSE(began_after({booted + minutes(5)}, minutes(5), since_the_boot, clock));
  clock.boot_by_clock_of_then = {booted};
  EXPECT_FALSE(began_after({booted + minutes(5)}, minutes(5), since_the_boot, clock));
}

TEST(PidfileAge, InMemoryNothingIsOlderThanTheBoot) {
  EXPECT_FALSE(began_after({booted - hours(1), true}, minutes(6), since_the_boot, clock_never_set()));
  EXPECT_TRUE(began_after({booted + minutes(5), true}, minutes(6), since_the_boot, clock_never_set()));
}

TEST(PidfileAge, ThisMachineTellsOfItsClock) {
  const WallClock clock = wall_clock_of_machine();
  EXPECT_GT(clock.boot, Duration{0});
  EXPECT_LT(clock.set_by, seconds(60)) << "the clock of the machine that runs this test was set";
}

}  // namespace
}  // namespace autoheal::host
