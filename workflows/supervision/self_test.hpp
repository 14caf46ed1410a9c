// A self-test run as a workflow: every engine is tested once what it needs is settled; what fails is healed where
// healing was asked for; the run ends with a summary. A second tenant of the same loop as the heal.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/engine/workflow.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"
#include "autoheal/workflows/heal/heal_result.hpp"
#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

struct EngineToTest {
  std::string name;
  std::vector<std::string> depends_on;  // only those that are part of the run count
  friend bool operator==(const EngineToTest&, const EngineToTest&) = default;
};

enum class TestOutcome { passed, failed, unknown };  // unknown: could not be tested; starts no heal
template <>
inline constexpr auto words_for<TestOutcome> = std::array<NamedValue<TestOutcome>, 3>{{
    {TestOutcome::passed, "passed"},
    {TestOutcome::failed, "failed"},
    {TestOutcome::unknown, "unknown"},
}};

[[nodiscard]] std::string_view name_of(TestOutcome outcome);  // "passed"

// How the heal that a failure led to ended; `skipped` holds why none was started.
struct HealOutcome {
  std::string heal;  // its id, or empty
  bool certified = false;
  std::string strategy;
  unsigned attempts = 0;
  Duration took{0};
  std::string skipped;       // "auto-heal disabled", or empty
  std::string error;         // why it never began, or empty
  std::string reason;        // why it ended Exhausted
  std::string problem = {};  // what was wrong at last, in a sentence
  friend bool operator==(const HealOutcome&, const HealOutcome&) = default;
};

// ---- entries

struct SelfTestStarted {
  std::string test_id;
  std::vector<EngineToTest> engines;
  bool heals = true;
  By by;
  Timestamp at;  // when the run began
  friend bool operator==(const SelfTestStarted&, const SelfTestStarted&) = default;
};
struct EngineTested {
  std::string engine;
  TestOutcome outcome = TestOutcome::unknown;
  std::string error;
  Duration took{0};
  std::string reported = {};  // by probes that only warn, or that only report: they start no heal
  friend bool operator==(const EngineTested&, const EngineTested&) = default;
};
struct EngineHealed {
  std::string engine;
  HealOutcome outcome;
  friend bool operator==(const EngineHealed&, const EngineHealed&) = default;
};
struct SelfTestCompleted {
  std::string status;  // Stable, Degraded, Failed, interrupted
  unsigned engines_total = 0;
  unsigned engines_verified = 0;
  unsigned autoheal_invocations = 0;
  Duration runtime{0};
  friend bool operator==(const SelfTestCompleted&, const SelfTestCompleted&) = default;
};
using SelfTestEntry = std::variant<SelfTestStarted, EngineTested, EngineHealed, SelfTestCompleted>;

// ---- inputs and effects

struct BeginSelfTest {
  SelfTestStarted facts;
};
struct TestDone {
  EngineTested result;
};
struct HealDone {
  EngineHealed result;
};
struct SelfTestInterrupted {};  // the process ended before the run did
using SelfTestInput = std::variant<BeginSelfTest, TestDone, HealDone, SelfTestInterrupted>;

struct TestEngine {
  std::string engine;
};
struct HealEngine {
  std::string engine;
  std::string error;
  std::string failed_dependency;  // the heal ends at once as dependency_failed; or empty
  By by;
};
using SelfTestEffect = std::variant<TestEngine, HealEngine>;

struct SelfTestState {
  SelfTestStarted facts;
  std::map<std::string, EngineTested> tested;
  std::map<std::string, HealOutcome> healed;  // only engines that failed where the run heals
  std::optional<SelfTestCompleted> completed;
  friend bool operator==(const SelfTestState&, const SelfTestState&) = default;
};

// The engine needs nothing more of this run: it passed, was healed, or is not going to be.
[[nodiscard]] bool settled(const SelfTestState& state, const std::string& engine);
// It passed or its heal was certified.
[[nodiscard]] bool verified(const SelfTestState& state, const std::string& engine);

// The status: Stable, Degraded, or Failed if not every engine could be tested. Its runtime is left at zero.
[[nodiscard]] SelfTestCompleted summary_of(const SelfTestState& state);

// The end of the heal of `engine`, as in reports.
[[nodiscard]] HealResult result_of(const std::string& engine, const HealOutcome& outcome);
[[nodiscard]] HealOutcome outcome_of(const HealResult& result);

struct SelfTest {
  static constexpr std::string_view type = "selftest";
  static constexpr unsigned version = 1;
  using State = SelfTestState;
  using Input = SelfTestInput;
  using Entry = SelfTestEntry;
  using Effect = SelfTestEffect;

  static engine::Decision<SelfTest> decide(const State& state, const Input& input, Timestamp now);
  static State apply(State state, const Entry& entry);
  static engine::Encoded encode(const State& state, const Entry& entry);
  static Result<Entry> decode(std::string_view entry_type, unsigned dataversion, std::string_view data);
  static Input resumed() { return SelfTestInterrupted{}; }
  static Input woken() { return SelfTestInterrupted{}; }
  static bool resumes_alone(const State&) { return false; }
};

}  // namespace autoheal::workflows
