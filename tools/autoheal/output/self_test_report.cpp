#include "tools/autoheal/output/self_test_report.hpp"

#include <chrono>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/heal_result.hpp"

namespace autoheal::cli {

namespace {

// One event of the report per line, so that people and diffs can read it too.
class Events {
 public:
  void add(const std::string& json) { text_ += (text_.empty() ? "\n    " : ",\n    ") + json; }
  [[nodiscard]] std::string take() const { return "[" + text_ + (text_.empty() ? "]" : "\n  ]"); }

 private:
  std::string text_;
};

std::string health_check(const std::string& engine, std::string_view result, const std::string& error) {
  JsonWriter out;
  out.begin_object().field("engine", engine).field("action", "health_check").field("result", result);
  return out.optional_field("error", error).end_object().take();
}

void add_events(const workflows::SelfTestState& run, const std::string& engine, Events& events) {
  const auto tested = run.tested.find(engine);
  if (tested == run.tested.end()) return;
  if (tested->second.outcome == workflows::TestOutcome::passed) return events.add(health_check(engine, "✅", {}));
  const auto healed = run.healed.find(engine);
  const bool launched = healed != run.healed.end();
  events.add(health_check(engine, launched ? "⚠️ auto-heal launched" : "❌ failed", tested->second.error));
  if (launched) events.add(to_json(workflows::result_of(engine, healed->second), true));
}

}  // namespace

std::string report_of(const workflows::SelfTestState& run, const std::string& error) {
  Events events;
  for (const auto& engine : run.facts.engines) add_events(run, engine.name, events);
  const auto summary = run.completed.value_or(workflows::SelfTestCompleted{});
  JsonWriter out;
  out.begin_object().field("engines_total", summary.engines_total).field("engines_verified", summary.engines_verified);
  out.field("autoheal_invocations", summary.autoheal_invocations).field("status", summary.status);
  out.field("runtime_ms", std::chrono::round<std::chrono::milliseconds>(summary.runtime).count()).end_object();
  std::string id, when, problem;
  append_quoted(id, run.facts.test_id);
  append_quoted(when, format_timestamp_ms(run.facts.at));
  append_quoted(problem, error);
  return "{\n  \"test_id\": " + id + ",\n  \"summary\": " + out.take() + ",\n  \"events\": " + events.take() +
         ",\n  \"timestamp\": " + when + (error.empty() ? "" : ",\n  \"error\": " + problem) + "\n}\n";
}

}  // namespace autoheal::cli
