#include "autoheal/workflows/heal/heal_state.hpp"

#include <tuple>

namespace autoheal::workflows {

namespace {

bool same_plan(const std::shared_ptr<const Plan>& a, const std::shared_ptr<const Plan>& b) {
  return a == b || (a && b && *a == *b);
}

}  // namespace

bool operator==(const HealState& a, const HealState& b) {
  const auto facts = [](const HealState& s) {
    return std::tie(s.phase, s.step, s.engine, s.strategy, s.max_retries, s.retry_delay, s.configuration, s.error, s.by,
                    s.version, s.attempt, s.next_attempt, s.starts_over, s.plan_certified, s.outcomes, s.intended,
                    s.rolling_back, s.undone, s.refused, s.doubted, s.ending, s.last_problem, s.last_lines,
                    s.saw_nothing, s.left_before, s.delay, s.end_reason, s.end_message, s.kept);
  };
  return facts(a) == facts(b) && same_plan(a.plan, b.plan);
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::none:
      return "None";
    case Phase::triggered:
      return "Triggered";
    case Phase::repairing:
      return "Repairing";
    case Phase::certifying:
      return "Certifying";
    case Phase::retrying:
      return "Retrying";
    case Phase::complete:
      return "Complete";
    case Phase::exhausted:
      return "Exhausted";
  }
  return "None";
}

std::optional<NextStep> next_step(const HealState& state) {
  const Plan& plan = *state.plan;
  const auto first_act = static_cast<unsigned>(plan.changes.size()) + 1;
  std::size_t made = 0;
  while (made < plan.changes.size() && state.outcomes.contains(static_cast<unsigned>(made + 1))) ++made;
  for (unsigned index = 0; index < plan.acts.size(); ++index) {
    const Act& act = plan.acts[index];
    if (state.outcomes.contains(first_act + index)) continue;
    if (act.after_changes > made) return NextStep{0, made, act.after_changes};
    return NextStep{first_act + index, 0, 0};
  }
  if (made < plan.changes.size()) return NextStep{0, made, plan.changes.size()};
  return std::nullopt;
}

}  // namespace autoheal::workflows
