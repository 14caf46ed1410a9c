#include "autoheal/workflows/heal/heal_state.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

template <Phase phase, class Alternative>
constexpr bool phase_stands_for =
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(phase), PhaseOfHeal>, Alternative>;
static_assert(phase_stands_for<Phase::none, phases::None> && phase_stands_for<Phase::triggered, phases::Queued> &&
              phase_stands_for<Phase::repairing, phases::Repairing> &&
              phase_stands_for<Phase::certifying, phases::Certifying> &&
              phase_stands_for<Phase::retrying, phases::Retrying> &&
              phase_stands_for<Phase::complete, phases::EndedComplete> &&
              phase_stands_for<Phase::exhausted, phases::EndedExhausted>);
static_assert(std::variant_size_v<PhaseOfHeal> == static_cast<std::size_t>(Phase::exhausted) + 1);

}  // namespace

Step HealState::step() const {
  const bool is_rolled_back_again = exhausted() != nullptr && exhausted()->is_rolled_back_again;
  if (attempt && (in_attempt() || is_rolled_back_again)) return step_of(attempt->step);
  return has_ended() ? Step::ended : Step::waiting;
}

const phases::Ended* HealState::ended() const {
  if (const auto* complete = std::get_if<phases::EndedComplete>(&in_phase)) return complete;
  return exhausted();
}

const Plan* HealState::plan() const { return attempt && attempt->recorded ? &*attempt->recorded->plan : nullptr; }

std::shared_ptr<const Plan> HealState::shared_plan() const {
  return attempt && attempt->recorded ? attempt->recorded->plan.pointer() : nullptr;
}

const Observation* HealState::observation() const {
  return attempt && attempt->recorded ? &*attempt->recorded->observation : nullptr;
}

unsigned HealState::next_attempt() const {
  if (const phases::Retrying* wait = retrying()) return wait->next_attempt;
  return std::max(attempt_number(), 1U);
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

}  // namespace autoheal::workflows
