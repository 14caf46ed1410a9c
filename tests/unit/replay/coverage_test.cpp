// Was it switched off? Stories of daemons that ran, were stopped, killed, held, and what an auditor is told of them.
#include "autoheal/replay/coverage/coverage.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace autoheal::replay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Timestamp midnight = *parse_timestamp("2026-11-24T00:00:00Z");

// "killed 12:05:00-13:00:00 (from 12:05:00 to 12:10:00) detail"
std::string told(const Gap& gap) {
  const auto clock = [](Timestamp time) { return format_timestamp(time).substr(11, 8); };
  std::string text = std::string(name_of(gap.cause)) + " " + clock(gap.from) + "-" + clock(gap.until);
  if (gap.latest_from > gap.from) text += " (at most from " + clock(gap.latest_from) + ")";
  return gap.detail.empty() ? text : text + " " + gap.detail;
}

class CoverageTest : public ::testing::Test {
 protected:
  void at(Duration since_midnight, const std::string& type, const std::string& data, const std::string& engine = {}) {
    engine::Entry entry;
    entry.type = type;
    entry.time = midnight + since_midnight;
    entry.subject = engine;
    entry.data = data;
    entry.stream = "ledger";
    // In order of time, whatever order a story is told in.
    const auto later = std::ranges::upper_bound(entries_, entry.time, {}, &engine::Entry::time);
    entries_.insert(later, std::move(entry));
  }
  void started(Duration when, const std::string& boot = "one", bool healing = true) {
    at(when, "node.started",
       R"({"healing":)" + std::string(healing ? "true" : "false") + R"(,"boot_id":")" + boot + "\"}");
  }
  void stopped(Duration when, const std::string& tests = "{}") {
    at(when, "node.stopped", R"({"cause":"SIGTERM","tests":)" + tests + "}");
  }
  void beat(Duration when, const std::string& tests = "{}") {
    at(when, "node.heartbeat", R"({"healing":true,"tests":)" + tests + "}");
  }
  // Engines that are tested every minute.
  void loaded(Duration when, const std::vector<std::string>& engines, const std::string& more = "") {
    std::string digests, every;
    for (const std::string& name : engines) {
      digests += (digests.empty() ? "\"" : ",\"") + name + "\":\"sha256:x\"";
      every += (every.empty() ? "\"" : ",\"") + name + "\":60000000";
    }
    at(when, "config.loaded", R"({"engines":{)" + digests + R"(},"every_us":{)" + every + "}" + more + "}");
  }
  // A daemon that goes on: its beats, without counts.
  void goes_on(Duration from, Duration until) {
    for (Duration when = from + minutes(5); when < until; when += minutes(5))
      at(when, "node.heartbeat", R"({"tests_run":0})");
  }
  std::vector<EngineCoverage> asked(Duration since, Duration until, Duration now = hours(24)) const {
    return coverage_of(entries_, {midnight + since, midnight + until, midnight + now, "one", {}});
  }
  std::vector<std::string> gaps(Duration since, Duration until, Duration now = hours(24)) const {
    std::vector<std::string> all;
    for (const EngineCoverage& one : asked(since, until, now)) {
      for (const Gap& gap : one.gaps) all.push_back(one.engine + " " + told(gap));
    }
    return all;
  }
  std::vector<engine::Entry> entries_;
};

TEST_F(CoverageTest, ADaemonThatRanAllTheTimeLeavesNoGap) {
  started(hours(8));
  loaded(hours(8), {"E"});
  for (int beats = 1; beats < 48; ++beats) beat(hours(8) + minutes(5 * beats), R"({"E":5})");
  EXPECT_THAT(gaps(hours(9), hours(11)), IsEmpty());
  const auto all = asked(hours(9), hours(11));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].period, Duration(hours(2)));
  EXPECT_EQ(all[0].untested, Duration{0});
  EXPECT_EQ(all[0].unhealed, Duration{0});
  EXPECT_EQ(all[0].tests_due, 120U);
  EXPECT_EQ(all[0].tests_done, 120U);
}

TEST_F(CoverageTest, StoppedIsToldWithItsSignal) {
  started(hours(8));
  loaded(hours(8), {"E"});
  goes_on(hours(8), hours(9));
  stopped(hours(9), R"({"E":60})");
  started(hours(10));
  goes_on(hours(10), hours(12));
  stopped(hours(12), R"({"E":120})");
  started(hours(13), "two");
  EXPECT_THAT(gaps(hours(8), hours(13)),
              ElementsAre("E stopped 09:00:00-10:00:00 SIGTERM",
                          "E stopped 12:00:00-13:00:00 SIGTERM, the host was restarted meanwhile"));
  const auto all = asked(hours(8), hours(13));
  EXPECT_EQ(all[0].untested, Duration(hours(2)));
  EXPECT_EQ(all[0].tests_due, 300U);
  EXPECT_EQ(all[0].tests_done, 180U);
}

TEST_F(CoverageTest, TheLastWordBeforeAKillBoundsItsMoment) {
  started(hours(12));
  loaded(hours(12), {"E"});
  beat(hours(12) + minutes(5), R"({"E":5})");
  started(hours(13));
  EXPECT_THAT(gaps(hours(12), hours(13)), ElementsAre("E killed 12:05:00-13:00:00 (at most from 12:10:00)"));
}

TEST_F(CoverageTest, AnotherBootMeansThatTheHostWasOff) {
  started(hours(12));
  loaded(hours(12), {"E"});
  beat(hours(12) + minutes(5), R"({"E":5})");
  started(hours(12) + minutes(7), "two");
  EXPECT_THAT(gaps(hours(12), hours(12) + minutes(7)),
              ElementsAre("E host_off 12:05:00-12:07:00 (at most from 12:07:00)"));
}

TEST_F(CoverageTest, NoWordSinceIsSilenceAndOneThatIsStillDueIsNot) {
  started(hours(12));
  loaded(hours(12), {"E"});
  beat(hours(12) + minutes(5), R"({"E":5})");
  EXPECT_THAT(gaps(hours(12), hours(13), hours(12) + minutes(14)), IsEmpty());
  EXPECT_THAT(gaps(hours(12), hours(13), hours(13)), ElementsAre("E silent 12:05:00-13:00:00 (at most from 12:10:00)"));
}

TEST_F(CoverageTest, BeforeTheFirstDaemonThereWasNone) {
  started(hours(12));
  loaded(hours(12), {"E"});
  goes_on(hours(12), hours(13));
  stopped(hours(13), R"({"E":60})");
  EXPECT_THAT(gaps(hours(11), hours(13)), ElementsAre("E no_daemon 11:00:00-12:00:00"));
  EXPECT_THAT(asked(hours(1), hours(2)), IsEmpty()) << "no configuration of that time";
}

TEST_F(CoverageTest, AHoldIsToldWithWhoAndWhyAndOnlyWhileADaemonRan) {
  started(hours(8));
  loaded(hours(8), {"A", "B"});
  const std::string by = R"("by":{"principal":"ops","role":"admiral","uid":0,"via":"cli","reason":"new certificate"})";
  at(hours(9), "engine.held", R"({"until":"2026-11-24T11:00:00.000000Z",)" + by + "}", "A");
  at(hours(10), "engine.unheld", "{" + by + "}", "A");
  at(hours(11), "engine.held", R"({"until":"2026-11-24T13:00:00.000000Z",)" + by + "}");
  goes_on(hours(8), hours(12));
  stopped(hours(12), R"({"A":240,"B":240})");
  EXPECT_THAT(gaps(hours(8), hours(12)), ElementsAre("A held 09:00:00-10:00:00 by ops: new certificate",
                                                     "A held 11:00:00-12:00:00 by ops: new certificate (all engines)",
                                                     "B held 11:00:00-12:00:00 by ops: new certificate (all engines)"));
  const auto all = asked(hours(8), hours(12));
  EXPECT_EQ(all[0].untested, Duration{0});
  EXPECT_EQ(all[0].unhealed, Duration(hours(2)));
  EXPECT_EQ(all[1].unhealed, Duration(hours(1)));
}

TEST_F(CoverageTest, ObservedSwitchedOffAndAbsentEnginesAreToldApart) {
  started(hours(8));
  loaded(hours(8), {"A", "B"}, R"(,"observed":["A"])");
  loaded(hours(9), {"A"}, R"(,"switched_off":["A"])");
  loaded(hours(10), {"A", "B"});
  at(hours(10), "healing.switched", R"({"healing":false})");
  at(hours(11), "healing.switched", R"({"healing":true})");
  goes_on(hours(8), hours(12));
  stopped(hours(12), R"({"A":240,"B":180})");
  EXPECT_THAT(gaps(hours(8), hours(12)),
              ElementsAre("A observed 08:00:00-09:00:00 mode: observe",
                          "A switched_off 09:00:00-10:00:00 healing: {enabled: false} of this engine",
                          "A switched_off 10:00:00-11:00:00 healing: {enabled: false} or AUTO_HEAL_ON",
                          "B not_configured 09:00:00-10:00:00 the configuration did not have it",
                          "B switched_off 10:00:00-11:00:00 healing: {enabled: false} or AUTO_HEAL_ON"));
  EXPECT_EQ(asked(hours(8), hours(12))[1].untested, Duration(hours(1)));
}

TEST_F(CoverageTest, SwitchedOffFromItsStartOn) {
  started(hours(8), "one", false);
  loaded(hours(8), {"E"}, R"(,"healing":false)");
  goes_on(hours(8), hours(9));
  at(hours(9), "node.heartbeat", R"({"healing":false,"tests":{"E":60}})");
  stopped(hours(9) + minutes(1));
  started(hours(10));
  EXPECT_THAT(gaps(hours(8), hours(10)),
              ElementsAre("E switched_off 08:00:00-09:01:00 healing: {enabled: false} or AUTO_HEAL_ON",
                          "E stopped 09:01:00-10:00:00 SIGTERM"));
}

TEST_F(CoverageTest, ADaemonThatWasFrozenWasNotThere) {
  started(hours(8));
  loaded(hours(8), {"E"});
  goes_on(hours(8), hours(9));
  goes_on(hours(10), hours(11));
  EXPECT_THAT(
      gaps(hours(8), hours(10) + minutes(55)),
      ElementsAre("E silent 08:55:00-10:05:00 (at most from 09:00:00) then it went on: frozen, or the host slept"));
}

TEST_F(CoverageTest, FewerTestsThanDueAreTold) {
  started(hours(8));
  loaded(hours(8), {"E"});
  beat(hours(8) + minutes(5), R"({"E":4})");
  beat(hours(8) + minutes(10), R"({"E":2})");
  EXPECT_THAT(gaps(hours(8), hours(8) + minutes(11), hours(8) + minutes(11)),
              ElementsAre("E fell_behind 08:05:00-08:10:00 2 of 5 tests"));
  EXPECT_EQ(asked(hours(8), hours(8) + minutes(11), hours(8) + minutes(11))[0].unhealed, Duration{0});
}

TEST_F(CoverageTest, OverlappingGapsCountOnce) {
  started(hours(8));
  loaded(hours(8), {"E"}, R"(,"observed":["E"])");
  at(hours(9), "engine.held", R"({"until":"2026-11-24T10:00:00.000000Z"})", "E");
  goes_on(hours(8), hours(11));
  stopped(hours(11), R"({"E":180})");
  EXPECT_EQ(asked(hours(8), hours(11))[0].unhealed, Duration(hours(3)));
}

TEST_F(CoverageTest, WhatCannotBeReadSaysNothing) {
  started(hours(8));
  loaded(hours(8), {"E"});
  for (const char* junk : {"", "[]", "{", "{\"tests\":[1]}", "{\"tests\":{\"E\":-1}}", "{\"engines\":[]}"}) {
    for (const char* type : {"node.heartbeat", "config.loaded", "engine.held", "engine.unheld", "healing.switched"})
      at(hours(8) + seconds(1), type, junk, "Other");
  }
  goes_on(hours(8), hours(9));
  stopped(hours(9), R"({"E":60})");
  EXPECT_THAT(gaps(hours(8), hours(9)), IsEmpty());
}

// An entry of a version that recorded neither schedule nor tests.
TEST_F(CoverageTest, OldEntriesTellOfGapsAll) {
  started(hours(8));
  at(hours(8), "config.loaded", R"({"engines":{"E":"sha256:x"}})");
  goes_on(hours(8), hours(9));
  at(hours(9), "node.stopped", R"({"cause":"SIGTERM"})");
  started(hours(10));
  const auto all = asked(hours(8), hours(10));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].tests_due, 0U);
  EXPECT_EQ(all[0].untested, Duration(hours(1)));
}

}  // namespace
}  // namespace autoheal::replay
