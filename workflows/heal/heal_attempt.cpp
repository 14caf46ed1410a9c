#include "autoheal/workflows/heal/heal_attempt.hpp"

#include <ranges>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

namespace {

template <Step step, class Alternative>
constexpr bool step_stands_for =
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(step), StepOfAttempt>, Alternative>;
static_assert(step_stands_for<Step::waiting, steps::Waiting> && step_stands_for<Step::observing, steps::Observing> &&
              step_stands_for<Step::changing, steps::Changing> && step_stands_for<Step::acting, steps::Acting> &&
              step_stands_for<Step::certifying, steps::GatheringEvidence> &&
              step_stands_for<Step::undoing, steps::Undoing> && step_stands_for<Step::restoring, steps::Restoring>);
static_assert(std::variant_size_v<StepOfAttempt> == static_cast<std::size_t>(Step::ended));

}  // namespace

const PlanOfAttempt& Attempt::recorded_plan() const {
  AUTOHEAL_CHECK(recorded.has_value());
  return *recorded;
}

const Act& Attempt::act(unsigned its_number) const {
  AUTOHEAL_CHECK(its_number > plan().changes.size() && its_number <= plan().size());
  return plan().acts[its_number - plan().changes.size() - 1];
}

BlobName Attempt::captured_by(unsigned act) const {
  const auto found = captured.find(act);
  return found == captured.end() ? BlobName{} : found->second;
}

std::vector<ChangeOutcome> Attempt::all_outcomes() const {
  const auto values = std::views::values(outcomes);
  return {values.begin(), values.end()};
}

std::optional<unsigned> Attempt::intended() const {
  if (const auto* acting = std::get_if<steps::Acting>(&step)) return acting->number;
  if (const auto* undoing = std::get_if<steps::Undoing>(&step)) return undoing->number;
  return interrupted;
}

std::optional<NextStep> next_step(const Attempt& attempt) {
  const Plan& plan = attempt.plan();
  const auto first_act = static_cast<unsigned>(plan.changes.size()) + 1;
  std::size_t made = 0;
  while (made < plan.changes.size() && attempt.outcomes.contains(static_cast<unsigned>(made + 1))) ++made;
  for (unsigned index = 0; index < plan.acts.size(); ++index) {
    const Act& act = plan.acts[index];
    if (attempt.outcomes.contains(first_act + index)) continue;
    AUTOHEAL_CHECK(act.after_changes <= plan.changes.size());
    if (act.after_changes > made) return NextStep{0, made, act.after_changes};
    return NextStep{first_act + index, 0, 0};
  }
  if (made < plan.changes.size()) return NextStep{0, made, plan.changes.size()};
  return std::nullopt;
}

}  // namespace autoheal::workflows
