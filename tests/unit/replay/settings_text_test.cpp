// The settings of a past heal that can be asked about: they follow from the described keys of the configuration.
#include <gmock/gmock.h>

#include "autoheal/replay/what_if/settings_text.hpp"

namespace autoheal::replay {
namespace {

using namespace std::chrono_literals;
using namespace workflows;

EngineSpec engine_with_tests() {
  EngineSpec spec;
  spec.name = "A";
  spec.certify.hashes = {"etc/**"};
  spec.certify.tests.resize(2);
  spec.certify.tests[0].name = "smoke";
  spec.certify.tests[1].name = "load";
  spec.certify.security.paths = {"etc"};
  spec.certify.security.max_mode = 0644;
  return spec;
}

EngineSpec changed(const std::vector<std::string>& settings) {
  const auto other = with_settings(engine_with_tests(), settings);
  EXPECT_TRUE(other) << other.error().message;
  return other ? *other->spec : EngineSpec();
}

std::string refused(const std::string& setting) {
  const auto other = with_settings(engine_with_tests(), {setting});
  return other ? "taken" : other.error().message;
}

TEST(SettingsText, NamesAreThoseOfTheConfiguration) {
  EXPECT_EQ(names_of_settings(),
            "enabled, mode, max_retries, retry_delay, strategy, role, certify.within, certify.hold, certify.hashes, "
            "certify.tests, certify.security, certify.security.max_mode");
}

TEST(SettingsText, EachSettingChangesItsMemberAlone) {
  EngineSpec expected = engine_with_tests();
  EXPECT_EQ(changed({}), expected);
  expected.healing.enabled = false;
  EXPECT_EQ(changed({"enabled=false"}), expected);
  expected.healing.observe_only = true;
  EXPECT_EQ(changed({"enabled=false", "mode=observe"}), expected);
  expected.healing.max_retries = 7;
  expected.strategy = Strategy::cascade;
  EXPECT_EQ(changed({"enabled=false", "mode=observe", "max_retries=7", "strategy=cascade"}), expected);

  expected = engine_with_tests();
  expected.certify.tests.erase(expected.certify.tests.begin());
  EXPECT_EQ(changed({"certify.tests=load"}), expected);
  expected.certify.tests.clear();
  expected.certify.hashes.clear();
  EXPECT_EQ(changed({"certify.tests=none", "certify.hashes=none"}), expected);
  expected.certify.security.max_mode = 0755;
  EXPECT_EQ(changed({"certify.tests=none", "certify.hashes=none", "certify.security.max_mode=0755"}), expected);
  expected.certify.security = {};
  EXPECT_EQ(changed({"certify.tests=none", "certify.hashes=none", "certify.security=none"}), expected);
  EXPECT_FALSE(changed({"certify.security.max_mode=none"}).certify.security.max_mode);

  const auto observer = with_settings(engine_with_tests(), {"role=observer"});
  ASSERT_TRUE(observer);
  EXPECT_EQ(observer->role, Role::observer);
}

TEST(SettingsText, DurationsAreWhatTheConfigurationTakes) {
  EXPECT_EQ(changed({"retry_delay=1.5s"}).healing.retry_delay, 1500ms);
  EXPECT_EQ(changed({"retry_delay=0.25"}).healing.retry_delay, 250ms);
  EXPECT_EQ(changed({"certify.hold=1.5m"}).certify.hold, 90s);
  EXPECT_EQ(changed({"certify.within=24h"}).certify.within, 24h);
}

TEST(SettingsText, AValueThatTheConfigurationWouldRefuseIsRefused) {
  EXPECT_EQ(refused("enabled=yes"), "enabled=yes: expected true or false");
  EXPECT_EQ(refused("mode=look"), "mode=look: expected heal or observe");
  for (const char* number : {"0", "101", "-1", "", "one", "1.5"})
    EXPECT_EQ(refused(std::string("max_retries=") + number),
              std::string("max_retries=") + number + ": expected a number from 1 to 100");
  for (const char* delay : {"24.1h", "9999999999", "-1s", "soon", ""})
    EXPECT_EQ(refused(std::string("retry_delay=") + delay),
              std::string("retry_delay=") + delay + ": expected a duration up to 24h such as 250ms, 5s or 2m");
  EXPECT_EQ(refused("strategy=magic"), "strategy=magic: expected arie, chimera, cascade or generic");
  EXPECT_EQ(refused("role=cook"), "role=cook: expected admiral, captain or observer");
  EXPECT_EQ(refused("certify.tests=smoke,soak"),
            "certify.tests=smoke,soak: expected none, or names of its tests: there is no test \"soak\"");
  EXPECT_EQ(refused("certify.hashes=some"), "certify.hashes=some: expected none");
  EXPECT_EQ(refused("certify.security=off"), "certify.security=off: expected none");
  for (const char* mode : {"10000", "8", ""})
    EXPECT_EQ(refused(std::string("certify.security.max_mode=") + mode),
              std::string("certify.security.max_mode=") + mode + ": expected none, or a mode such as 0755");
}

TEST(SettingsText, WhatDecidesWhetherAHealBeginsCannotBeAsked) {
  for (const char* name : {"cooldown", "fail_after", "settle", "max_heals_per_hour", "open_writers"})
    EXPECT_THAT(refused(std::string(name) + "=1"), ::testing::HasSubstr("is not a setting that can be asked about"));
}

}  // namespace
}  // namespace autoheal::replay
