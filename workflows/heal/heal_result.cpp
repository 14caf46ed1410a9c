#include "autoheal/workflows/heal/heal_result.hpp"

#include <cstdio>

#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::workflows {

namespace {

std::string seconds(Duration took) {
  const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(took).count();
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(milliseconds / 1000),
                static_cast<long long>(milliseconds % 1000));
  return text;
}

}  // namespace

HealResult result_of(const HealState& state, const std::string& heal) {
  HealResult result;
  result.engine = state.request->engine;
  result.strategy = name_of(state.request->strategy);
  result.attempts = state.attempt_number();
  if (const phases::Ended* end = state.ended()) result.took = end->took;
  result.heal = heal;
  if (state.phase() == Phase::complete) {
    result.ending = HealEnding::certified;
    result.changed_nothing = state.plan() != nullptr && state.plan()->size() == 0;
    return result;
  }
  // One that the process leaves open is told as one that has used up its attempts.
  const phases::EndedExhausted end = state.exhausted() != nullptr ? *state.exhausted() : phases::EndedExhausted();
  const std::string& last_problem = state.so_far.last_problem;
  result.reason = name_of(end.reason);
  result.ending = result.attempts == 0 ? HealEnding::never_began : HealEnding::exhausted;
  if (result.attempts == 0) result.error = result.reason;
  result.problem = end.message.empty() ? last_problem : end.message;
  if (end.reason == EndReason::rollback_incomplete && !last_problem.empty())
    result.problem += " (the attempt had failed: " + last_problem + ")";
  return result;
}

std::string to_json(const HealResult& result, bool with_heal_id) {
  JsonWriter out;
  out.begin_object().field("engine", result.engine);
  switch (result.ending) {
    case HealEnding::certified:
      out.field("action", "repair_patch_applied").field("result", "✅ certified").field("strategy", result.strategy);
      out.field("attempts", result.attempts).key("duration_seconds").raw(seconds(result.took));
      break;
    case HealEnding::exhausted:
      out.field("action", "auto_heal_exhausted").field("result", "❌ healing failed");
      out.field("attempts", result.attempts);
      break;
    case HealEnding::skipped:
      out.field("action", "auto_heal_skipped");
      out.field("result", result.reason == "held"      ? "❌ held"
                          : result.reason == held_back ? "❌ held back"
                                                       : "❌ auto-heal disabled");
      if (result.reason == held_back) out.field("error", result.error);
      break;
    case HealEnding::never_began:
      out.field("action", "auto_heal_failed").field("result", "❌ healing failed").field("error", result.error);
      break;
  }
  if (with_heal_id) out.optional_field("heal_id", result.heal);
  return out.end_object().take();
}

}  // namespace autoheal::workflows
