#include "autoheal/workflows/supervision/self_test.hpp"

#include <algorithm>
#include <iterator>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

namespace {

struct TestFold {
  SelfTestState& state;
  void operator()(const SelfTestStarted& entry) { state.facts = entry; }
  void operator()(const EngineTested& entry) { state.tested[entry.engine] = entry; }
  void operator()(const EngineHealed& entry) { state.healed[entry.engine] = entry.outcome; }
  void operator()(const SelfTestCompleted& entry) { state.completed = entry; }
};

bool may_begin(const SelfTestState& state, const EngineToTest& engine) {
  return std::ranges::all_of(engine.depends_on, [&](const std::string& needed) { return settled(state, needed); });
}

class TestTurn {
 public:
  TestTurn(const SelfTestState& state, Timestamp now) : state_(state), now_(now) {}

  engine::Decision<SelfTest> take() { return std::move(decision_); }

  void on(const BeginSelfTest& input) {
    SelfTestStarted facts = input.facts;
    facts.at = now_;
    add(std::move(facts));
    test_what_may_begin(input.facts.engines);
    complete_if_settled();
  }

  void on(const TestDone& input) {
    if (state_.tested.contains(input.result.engine)) return;
    AUTOHEAL_CHECK(may_begin(state_, engine_of_run(input.result.engine)));
    add(input.result);
    if (input.result.outcome == TestOutcome::failed && state_.facts.heals) {
      decision_.effects.emplace_back(
          HealEngine{input.result.engine, input.result.error, failed_dependency(input.result.engine), state_.facts.by});
      return;
    }
    after_settling(input.result.engine);
  }

  void on(const HealDone& input) {
    if (state_.healed.contains(input.result.engine)) return;
    AUTOHEAL_CHECK(state_.tested.contains(input.result.engine) && !settled(state_, input.result.engine));
    add(input.result);
    after_settling(input.result.engine);
  }

  void on(const SelfTestInterrupted&) {
    if (!state_.completed) complete("interrupted");
  }

 private:
  void add(SelfTestEntry entry) {
    state_ = SelfTest::apply(std::move(state_), entry);
    decision_.entries.push_back(std::move(entry));
  }

  void test_what_may_begin(const std::vector<EngineToTest>& candidates) {
    for (const EngineToTest& engine : candidates) {
      if (!may_begin(state_, engine)) continue;
      AUTOHEAL_CHECK(!state_.tested.contains(engine.name));
      decision_.effects.emplace_back(TestEngine{engine.name});
    }
  }

  void after_settling(const std::string& settled_engine) {
    std::vector<EngineToTest> dependents;
    std::ranges::copy_if(state_.facts.engines, std::back_inserter(dependents), [&](const EngineToTest& engine) {
      return std::ranges::find(engine.depends_on, settled_engine) != engine.depends_on.end();
    });
    test_what_may_begin(dependents);
    complete_if_settled();
  }

  const EngineToTest& engine_of_run(const std::string& name) const {
    const auto engine = std::ranges::find(state_.facts.engines, name, &EngineToTest::name);
    AUTOHEAL_CHECK(engine != state_.facts.engines.end());
    return *engine;
  }

  std::string failed_dependency(const std::string& name) const {
    const EngineToTest& engine = engine_of_run(name);
    const auto failed = std::ranges::find_if_not(engine.depends_on,
                                                 [&](const std::string& needed) { return verified(state_, needed); });
    return failed == engine.depends_on.end() ? std::string() : *failed;
  }

  void complete_if_settled() {
    const auto& engines = state_.facts.engines;
    if (!std::ranges::all_of(engines, [&](const EngineToTest& engine) { return settled(state_, engine.name); })) return;
    complete({});
  }

  void complete(std::string status) {
    SelfTestCompleted summary = summary_of(state_);
    AUTOHEAL_CHECK(!state_.completed && summary.engines_verified <= summary.engines_total);
    if (!status.empty()) summary.status = std::move(status);
    summary.runtime = now_ - state_.facts.at;
    add(std::move(summary));
    decision_.ends = true;
  }

  SelfTestState state_;
  Timestamp now_;
  engine::Decision<SelfTest> decision_;
};

}  // namespace

bool settled(const SelfTestState& state, const std::string& engine) {
  const auto tested = state.tested.find(engine);
  if (tested == state.tested.end()) return false;
  const bool heals = tested->second.outcome == TestOutcome::failed && state.facts.heals;
  return !heals || state.healed.contains(engine);
}

bool verified(const SelfTestState& state, const std::string& engine) {
  const auto tested = state.tested.find(engine);
  if (tested == state.tested.end()) return false;
  if (tested->second.outcome == TestOutcome::passed) return true;
  const auto healed = state.healed.find(engine);
  return healed != state.healed.end() && healed->second.certified;
}

SelfTestCompleted summary_of(const SelfTestState& state) {
  SelfTestCompleted summary;
  summary.engines_total = static_cast<unsigned>(state.facts.engines.size());
  for (const EngineToTest& engine : state.facts.engines) {
    if (verified(state, engine.name)) ++summary.engines_verified;
  }
  for (const auto& [engine, outcome] : state.healed) {
    if (!outcome.heal.empty()) ++summary.autoheal_invocations;
  }
  const bool all_tested =
      std::ranges::none_of(state.tested, [](const auto& item) { return item.second.outcome == TestOutcome::unknown; });
  const bool all_verified = summary.engines_verified == summary.engines_total;
  summary.status = !all_tested ? "Failed" : all_verified ? "Stable" : "Degraded";
  return summary;
}

HealResult result_of(const std::string& engine, const HealOutcome& outcome) {
  HealResult result;
  result.engine = engine;
  result.strategy = outcome.strategy;
  result.attempts = outcome.attempts;
  result.took = outcome.took;
  result.heal = outcome.heal;
  result.reason = outcome.reason;
  result.problem = outcome.problem;
  result.error = outcome.skipped.empty() ? outcome.error : outcome.skipped;
  result.ending = outcome.certified          ? HealEnding::certified
                  : !outcome.skipped.empty() ? HealEnding::skipped
                  : outcome.attempts > 0     ? HealEnding::exhausted
                                             : HealEnding::never_began;
  return result;
}

HealOutcome outcome_of(const HealResult& result) {
  HealOutcome outcome;
  outcome.heal = result.heal;
  outcome.certified = result.ending == HealEnding::certified;
  outcome.strategy = result.strategy;
  outcome.attempts = result.attempts;
  outcome.took = result.took;
  outcome.reason = result.reason;
  outcome.problem = result.problem;
  if (result.ending == HealEnding::skipped) {
    outcome.skipped = result.error;
  } else {
    outcome.error = result.error;
  }
  return outcome;
}

engine::Decision<SelfTest> SelfTest::decide(const State& state, const Input& input, Timestamp now) {
  TestTurn turn(state, now);
  std::visit([&turn](const auto& one) { turn.on(one); }, input);
  return turn.take();
}

SelfTestState SelfTest::apply(State state, const Entry& entry) {
  std::visit(TestFold{state}, entry);
  return state;
}

}  // namespace autoheal::workflows
