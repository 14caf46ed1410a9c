// The memory of a daemon of those before it: enough for its brakes, and no more than a day.
#include "autoheal/workflows/supervision/recent_past.hpp"

#include <gmock/gmock.h>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"

namespace autoheal::workflows {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RecentPast : public ::testing::Test {
 protected:
  void SetUp() override {
    clock_.advance(hours(50));
    spec_.name = "EnvRecon";
    spec_.every = seconds(30);
    spec_.healing.cooldown = hours(1);
    spec_.healing.max_heals_per_hour = 3;
  }
  void happened(Duration ago, const std::string& type, const std::string& data = "{}",
                const std::string& stream = "ledger") {
    engine::NewEntry one;
    one.type = type;
    one.time = clock_.now() - ago;
    one.subject = "EnvRecon";
    one.data = data;
    const engine::Batch batch{{{stream, versions_[stream]++, {one}, engine::StreamLife::goes_on, {}}}, {}, 0};
    ASSERT_EQ(ledger_.append(batch).status, engine::AppendStatus::ok);
  }
  void healed(Duration ago, const std::string& via = "daemon") {
    happened(ago, "heal.triggered", R"({"by":{"via":")" + via + "\"}}", heal_id());
  }
  // The reaction of a daemon to a failing engine: heal, flapping, or why it does nothing.
  std::string reaction() {
    Watch watch(4);
    watch.configure({std::make_shared<const EngineSpec>(spec_)}, 4, clock_.since_boot());
    EXPECT_TRUE(remember_recent_past(ledger_, blobs_, clock_, watch));
    EXPECT_EQ(watch.take_acts(clock_.since_boot()).size(), 1U);
    TestReport report;
    report.tested.engine = "EnvRecon";
    report.tested.outcome = TestOutcome::failed;
    report.sure = true;
    watch.tested(report, {}, clock_.since_boot());
    for (const WatchAct& act : watch.take_acts(clock_.since_boot())) {
      if (const auto* heal = std::get_if<StartHeal>(&act)) return heal->flapping ? "flapping" : "heal";
      if (const auto* skip = std::get_if<SkipHeal>(&act)) return skip->reason;
    }
    return "silence, " + watch.seen("EnvRecon")->skipped;
  }
  std::string heal_id() {
    char text[40];
    std::snprintf(text, sizeof text, "01930000-0000-7000-8000-%012u", ++heals_);
    return text;
  }

  engine::testing::FakeClock clock_;
  store::MemoryBlobs blobs_;
  EngineSpec spec_;
  store::MemoryLedger ledger_{"01890000-0000-7000-8000-000000000001"};
  std::map<std::string, std::uint64_t> versions_;
  unsigned heals_ = 0;
};

TEST_F(RecentPast, ThePauseAfterAnExhaustedHealGoesOn) {
  EXPECT_EQ(reaction(), "heal");
  happened(minutes(59), "heal.exhausted", "{}", heal_id());
  EXPECT_EQ(reaction(), "cooldown");
  clock_.advance(minutes(2));
  EXPECT_EQ(reaction(), "heal");
}

TEST_F(RecentPast, APassAResetOrAnotherConfigurationHadEndedIt) {
  const std::vector<std::pair<std::string, std::string>> ends = {
      {"selftest.engine_tested", R"({"engine":"EnvRecon","outcome":"passed"})"},
      {"engine.reset", "{}"},
      {"config.loaded", R"({"engines_changed":["EnvRecon"]})"},
      {"heal.completed", "{}"}};
  for (const auto& [type, data] : ends) {
    happened(minutes(20), "heal.exhausted", "{}", heal_id());
    EXPECT_EQ(reaction(), "cooldown");
    happened(minutes(10), "selftest.engine_tested", R"({"engine":"EnvRecon","outcome":"failed"})");
    happened(minutes(10), "config.loaded", R"({"engines_changed":["Other"]})");
    EXPECT_EQ(reaction(), "cooldown");
    happened(minutes(5), type, data, type.starts_with("heal.") ? heal_id() : "ledger");
    EXPECT_EQ(reaction(), "heal") << type;
  }
}

TEST_F(RecentPast, WhatWasStoppedByHandStaysStoppedUntilItRunsIsHealedResetOrBootedAgain) {
  const std::vector<std::pair<std::string, std::string>> ends = {
      {"selftest.engine_tested", R"({"engine":"EnvRecon","outcome":"passed"})"},
      {"engine.reset", "{}"},
      {"heal.triggered", R"({"by":{"via":"socket"}})"},
      {"node.started", R"({"boot_id":"b"})"}};
  for (const auto& [type, data] : ends) {
    happened(minutes(40), "node.started", R"({"boot_id":"a"})");
    happened(minutes(30), "heal.skipped", R"({"reason":"stopped_by_hand"})");
    EXPECT_EQ(reaction(), "stopped_by_hand");
    happened(minutes(10), "selftest.engine_tested", R"({"engine":"EnvRecon","outcome":"failed"})");
    happened(minutes(9), "node.started", R"({"boot_id":"a"})");
    EXPECT_EQ(reaction(), "stopped_by_hand") << "another daemon, the same boot";
    happened(minutes(5), type, data, type.starts_with("heal.") ? heal_id() : "ledger");
    EXPECT_EQ(reaction(), "heal") << type;
  }
}

TEST_F(RecentPast, WhatWasStoppedByHandIsKnownHoweverLongNobodyRan) {
  happened(hours(40), "node.started", R"({"boot_id":"a"})");
  happened(hours(39), "heal.skipped", R"({"reason":"stopped_by_hand"})");
  happened(hours(30), "node.heartbeat", R"({"stopped_by_hand":["EnvRecon"],"boot_id":"a"})");
  EXPECT_EQ(reaction(), "stopped_by_hand") << "of a daemon that was killed then";
  for (int count = 0; count < 2'500; ++count) happened(hours(29), "selftest.completed");
  happened(minutes(1), "node.started", R"({"boot_id":"a"})");
  EXPECT_EQ(reaction(), "stopped_by_hand") << "whatever others wrote meanwhile";
  happened(minutes(1), "node.started", R"({"boot_id":"b"})");
  EXPECT_EQ(reaction(), "heal");
}

// A daemon writes its own start before it remembers.
TEST_F(RecentPast, WhatWasStoppedByHandBeforeDaemonsListedItIsKnown) {
  happened(minutes(20), "heal.skipped", R"({"reason":"stopped_by_hand"})");
  happened(minutes(10), "node.heartbeat", R"({"tests_run":1,"boot_id":"a"})");
  happened(minutes(1), "node.started", R"({"boot_id":"a"})");
  EXPECT_EQ(reaction(), "stopped_by_hand");
  happened(minutes(1), "node.started", R"({"boot_id":"b"})");
  EXPECT_EQ(reaction(), "heal");
}

TEST_F(RecentPast, AListThatWasTooLongForItsEntryIsReadFromTheVault) {
  const auto kept = blobs_.put(R"({"stopped_by_hand":["EnvRecon"],"boot_id":"a"})", engine::BlobNaming::plain);
  happened(hours(30), "node.stopped", R"({"blob":")" + *kept + "\"}");
  happened(minutes(1), "node.started", R"({"boot_id":"a"})");
  EXPECT_EQ(reaction(), "stopped_by_hand");
}

TEST_F(RecentPast, WhatRunsAgainLeavesTheListWithoutATestThatIsTold) {
  happened(hours(3), "heal.skipped", R"({"reason":"stopped_by_hand"})");
  happened(hours(2), "node.heartbeat", R"({"tests_run":1,"boot_id":"a"})");
  EXPECT_EQ(reaction(), "stopped_by_hand") << "of a daemon that made no list";
  happened(hours(1), "node.stopped", R"({"stopped_by_hand":[],"boot_id":"a"})");
  happened(minutes(1), "node.started", R"({"boot_id":"a"})");
  EXPECT_EQ(reaction(), "heal");
}

TEST_F(RecentPast, WhatEndedForOthersDrawsNoBrake) {
  for (const char* reason : {"dependency_failed", "held", "disabled"}) {
    for (unsigned count = 0; count < 5; ++count) {
      const std::string heal = heal_id();
      happened(minutes(30), "heal.triggered", R"({"by":{"via":"daemon"}})", heal);
      happened(minutes(29), "heal.exhausted", R"({"reason":")" + std::string(reason) + "\"}", heal);
    }
    EXPECT_EQ(reaction(), "heal") << reason;
  }
}

TEST_F(RecentPast, HealsOfTheLastHourCountButNotThosePeopleAskedFor) {
  healed(minutes(70));
  for (int count = 0; count < 5; ++count) healed(minutes(30), count < 3 ? "socket" : "cli");
  healed(minutes(20));
  healed(minutes(10));
  EXPECT_EQ(reaction(), "heal");
  healed(minutes(5));
  EXPECT_EQ(reaction(), "flapping");
}

TEST_F(RecentPast, TheQuietAfterFlappingGoesOn) {
  for (int count = 0; count < 4; ++count) healed(minutes(30));
  EXPECT_EQ(reaction(), "silence, flapping");
}

TEST_F(RecentPast, OnlyTheLastDayIsRead) {
  happened(hours(30), "heal.exhausted", "{}", heal_id());
  for (int count = 0; count < 50; ++count) happened(hours(26) - minutes(count), "node.heartbeat");
  spec_.healing.cooldown = hours(24);
  happened(hours(2), "node.heartbeat");
  EXPECT_EQ(reaction(), "heal") << "what is older is forgotten, whatever a pause could be";
  happened(hours(1), "heal.exhausted", "{}", heal_id());
  EXPECT_EQ(reaction(), "cooldown");
}

// Its boot clock begins anew, and the wall clock is wrong until somebody sets it.
TEST_F(RecentPast, Case120_AClockThatWasSetBackMakesNoPauseLonger) {
  happened(minutes(59), "heal.exhausted", "{}", heal_id());
  clock_.restart_host();
  clock_.set_wall(clock_.now() - hours(24));
  EXPECT_EQ(reaction(), "cooldown");
  happened(Duration(0), "node.started");
  clock_.advance(minutes(30));
  EXPECT_EQ(reaction(), "cooldown") << "nobody knows how long it was away: it may have been a moment";
  clock_.advance(minutes(31));
  EXPECT_EQ(reaction(), "heal");
}

TEST_F(RecentPast, Case120_HealsOfAWholeDayAreNotThoseOfOneHour) {
  for (const int ago : {20, 15, 10, 5}) healed(hours(ago));
  clock_.restart_host();
  clock_.set_wall(clock_.now() - hours(24));
  happened(Duration(0), "node.started");
  EXPECT_EQ(reaction(), "heal");
  for (int count = 0; count < 2; ++count) healed(Duration(0));
  EXPECT_EQ(reaction(), "flapping") << "with the last one of the day before, which nobody knows to be older";
}

TEST_F(RecentPast, Case118_AClockThatWasSetForwardEndsWhatWasToBeWaitedFor) {
  happened(minutes(1), "heal.exhausted", "{}", heal_id());
  EXPECT_EQ(reaction(), "cooldown");
  clock_.set_wall(clock_.now() + hours(24 * 3650));
  EXPECT_EQ(reaction(), "heal");
  happened(Duration(0), "heal.exhausted", "{}", heal_id());
  EXPECT_EQ(reaction(), "cooldown");
}

}  // namespace
}  // namespace autoheal::workflows
