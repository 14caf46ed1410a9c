// A machine whose daemon is told and asked by hand: what happened, and what is to be done about it, as text.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows::watching {

inline EngineSpec engine(const std::string& name, std::vector<std::string> depends_on = {}) {
  EngineSpec spec;
  spec.name = name;
  spec.every = std::chrono::seconds(30);
  spec.depends_on = std::move(depends_on);
  return spec;
}

inline std::string text_of(const WatchAct& act) {
  if (const auto* test = std::get_if<StartTest>(&act)) return "test " + test->engine;
  if (const auto* skip = std::get_if<SkipHeal>(&act)) return "skip " + skip->engine + " " + skip->reason;
  if (const auto* record = std::get_if<RecordOutcome>(&act)) {
    const TestOutcome outcome = record->tested.outcome;
    return "record " + record->tested.engine +
           (outcome == TestOutcome::passed   ? " passed"
            : outcome == TestOutcome::failed ? " failed"
                                             : " unknown");
  }
  if (const auto* snapshots = std::get_if<TakeSnapshots>(&act)) {
    std::string text = "snapshots " + snapshots->engine;
    for (const std::string& path : snapshots->paths) text += " " + path;
    return text;
  }
  if (const auto* keep = std::get_if<KeepSnapshots>(&act)) return "keep " + keep->engine;
  if (const auto* end = std::get_if<EndHeal>(&act)) return "end heal " + end->engine;
  const auto& heal = std::get<StartHeal>(act);
  std::string text = "heal " + heal.engine;
  for (const std::string& needed : heal.needs) text += " after " + needed;
  if (!heal.failed_dependency.empty()) text += " without " + heal.failed_dependency;
  if (heal.flapping) text += " flapping";
  return text;
}

// A machine, told and asked by hand. Recorded outcomes are left out of acts(), unless asked for.
class Machine {
 public:
  explicit Machine(const std::vector<EngineSpec>& engines, unsigned max_tests = 16) : max_tests_(max_tests) {
    configure(engines);
  }

  void configure(const std::vector<EngineSpec>& engines) {
    std::vector<std::shared_ptr<const EngineSpec>> specs;
    specs.reserve(engines.size());
    for (const EngineSpec& spec : engines) specs.push_back(std::make_shared<const EngineSpec>(spec));
    watch.configure(specs, max_tests_, now);
  }

  void wait(Duration time) { now += time; }
  void wait_for_wake() { now = std::max(now, watch.next_wake().value()); }

  std::vector<std::string> all_acts() {
    std::vector<std::string> texts;
    for (const WatchAct& act : watch.take_acts(now)) texts.push_back(text_of(act));
    return texts;
  }
  std::vector<std::string> acts() {
    auto texts = all_acts();
    std::erase_if(texts, [](const std::string& text) { return text.starts_with("record"); });
    return texts;
  }

  void passes(const std::string& engine) { tell(engine, TestOutcome::passed, false, {}); }
  void is_unknown(const std::string& engine) { tell(engine, TestOutcome::unknown, false, {"plugin"}); }
  // A file is not as it should be.
  void fails(const std::string& engine, std::vector<std::string> failing = {"config"}) {
    tell(engine, TestOutcome::failed, true, std::move(failing));
  }
  // It fails while somebody is at work on its files.
  void fails_while_written(const std::string& engine, const std::string& who, Writing state = Writing::yes) {
    TestReport report;
    report.tested = {engine, TestOutcome::failed, "it is broken", Duration{0}};
    report.sure = true;
    report.failing = {"config"};
    report.postponed = who;
    report.writing = state;
    watch.tested(report, switches, now);
  }
  // The network, or a program, says no.
  void flickers(const std::string& engine) { tell(engine, TestOutcome::failed, false, {"web"}); }

  // The snapshots asked for are copied; the test that has to confirm them is under way.
  void copied(const std::string& engine) {
    watch.snapshots_copied(engine, {}, now);
    EXPECT_THAT(acts(), ::testing::ElementsAre("test " + engine));
  }

  void kept(const std::string& engine) { watch.snapshots_kept(engine, {}, now); }

  void certified(const std::string& engine) { ended(engine, HealEnding::certified, {}); }
  void exhausted(const std::string& engine, const std::string& reason = "attempts_exhausted") {
    ended(engine, HealEnding::exhausted, reason);
  }
  void ended(const std::string& engine, HealEnding ending, const std::string& reason) {
    HealResult result;
    result.engine = engine;
    result.ending = ending;
    result.reason = reason;
    watch.heal_ended(result, now);
  }

  // Tests and fails it at once, and takes what follows.
  std::vector<std::string> failing_again(const std::string& engine) {
    watch.look(engine, LookCause::asked, now);
    EXPECT_THAT(acts(), ::testing::ElementsAre("test " + engine));
    fails(engine);
    return acts();
  }

  Watch watch{16};
  Duration now{std::chrono::hours(100)};
  EngineSwitches switches;

 private:
  void tell(const std::string& engine, TestOutcome outcome, bool sure, std::vector<std::string> failing) {
    TestReport report;
    report.tested = {engine, outcome, outcome == TestOutcome::passed ? "" : "it is broken", Duration{0}};
    report.sure = sure;
    report.failing = std::move(failing);
    watch.tested(report, switches, now);
  }

  unsigned max_tests_;
};

// A machine of one engine whose first test is under way.
inline Machine under_test(const EngineSpec& spec) {
  Machine machine({spec});
  EXPECT_THAT(machine.acts(), ::testing::ElementsAre("test " + spec.name));
  return machine;
}

}  // namespace autoheal::workflows::watching
