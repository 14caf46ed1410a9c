#include "autoheal/workflows/heal/heal_outcomes.hpp"

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

bool succeeded(const ChangeOutcome& outcome) {
  return outcome.status == ChangeStatus::done || outcome.status == ChangeStatus::found_done;
}

std::string cause_of(const ChangeOutcome& outcome) {
  switch (outcome.status) {
    case ChangeStatus::target_changed:
      return "target_changed";
    case ChangeStatus::refused:
      return "refused";
    case ChangeStatus::unknown:
      return "interrupted";
    case ChangeStatus::not_started:
      return "could_not_start";
    default:
      return "failed";
  }
}

bool is_outcome(const HealInput& input) {
  return !std::holds_alternative<Begin>(input) && !std::holds_alternative<Join>(input) &&
         !std::holds_alternative<SlotGranted>(input) && !std::holds_alternative<Cancel>(input) &&
         !std::holds_alternative<WokenUp>(input) && !std::holds_alternative<ProcessStarted>(input);
}

std::vector<ChangeOutcome> outcomes_in(const HealInput& input) {
  if (const auto* changes = std::get_if<ChangesDone>(&input)) return changes->outcomes;
  if (const auto* act = std::get_if<ActDone>(&input)) return {act->outcome};
  return {};
}

std::string what_was_changed(const Attempt& attempt) {
  std::string numbers;
  for (const auto& [number, outcome] : attempt.outcomes) {
    if (!attempt.undone.contains(number)) numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
  }
  return numbers.empty() ? "no change of its plan is in place" : "in place are changes " + numbers;
}

ChangeOutcome unknown_outcome(unsigned number) {
  AUTOHEAL_CHECK(number > 0);
  ChangeOutcome unknown;
  unknown.number = number;
  unknown.status = ChangeStatus::unknown;
  unknown.message = "the healer ended while it ran: whether it took effect is not known";
  return unknown;
}

}  // namespace autoheal::workflows
