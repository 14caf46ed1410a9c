#include "autoheal/workflows/heal/heal_undo.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

unsigned first_act_of(const Plan& plan) { return static_cast<unsigned>(plan.changes.size()) + 1; }

const ChangeOutcome* outcome_of(const Attempt& attempt, unsigned number) {
  const auto found = attempt.outcomes.find(number);
  return found == attempt.outcomes.end() ? nullptr : &found->second;
}

bool is_undone_as(const Attempt& attempt, unsigned number, UndoStatus status) {
  const auto found = attempt.undone.find(number);
  return found != attempt.undone.end() && found->second.status == status;
}

// Whether the act may have had an effect that its undo takes back.
bool took_effect(const Attempt& attempt, unsigned number) {
  const ChangeOutcome* outcome = outcome_of(attempt, number);
  if (outcome == nullptr) return false;
  switch (outcome->status) {
    case ChangeStatus::done:
    case ChangeStatus::failed:
    case ChangeStatus::unknown:
      return true;
    case ChangeStatus::found_done:
    case ChangeStatus::target_changed:
    case ChangeStatus::refused:
    case ChangeStatus::skipped:
    case ChangeStatus::not_started:
      return false;
  }
  return false;
}

bool runs_again(ActKind kind) { return kind == ActKind::service_restart || kind == ActKind::service_reload; }
bool runs_on_what_is_put_back(ActKind kind) { return runs_again(kind) || kind == ActKind::service_stop; }
bool is_service(ActKind kind) { return runs_on_what_is_put_back(kind) || kind == ActKind::service_start; }

// In place by this heal's doing, as far as anybody knows: after a crash, what the dead process made is found done.
bool was_made(const Attempt& attempt, unsigned number) {
  const ChangeOutcome* outcome = outcome_of(attempt, number);
  return outcome != nullptr && (outcome->status == ChangeStatus::done || outcome->status == ChangeStatus::found_done);
}

// Files or state that a service may read are as they were before the attempt, and were not while it ran.
bool something_read_was_put_back(const Attempt& attempt) {
  const Plan& plan = attempt.plan();
  for (unsigned number = 1; number <= plan.changes.size(); ++number) {
    if (was_made(attempt, number) && is_undone_as(attempt, number, UndoStatus::restored)) return true;
  }
  for (unsigned index = 0; index < plan.acts.size(); ++index) {
    const unsigned number = first_act_of(plan) + index;
    const bool writes = plan.acts[index].kind == ActKind::build || plan.acts[index].kind == ActKind::command;
    const bool back =
        is_undone_as(attempt, number, UndoStatus::restored) || is_undone_as(attempt, number, UndoStatus::undone);
    if (writes && back) return true;
  }
  return false;
}

// The changes that are made together, right before an act or at the end: the group that the change `to - 1` ends.
std::size_t begin_of_group(const Plan& plan, std::size_t to) {
  std::size_t from = 0;
  for (const Act& act : plan.acts) {
    if (act.after_changes < to) from = std::max(from, act.after_changes);
  }
  AUTOHEAL_CHECK(from < to);  // no group is empty, so that going through them comes to an end
  return from;
}

bool by_effects(const HealState& state) { return state.version >= heal_version_of_effects; }

std::optional<LeftInPlace> left_of(const HealState& state, unsigned number, const UndoOutcome& undone) {
  if (undone.status != UndoStatus::foreign && undone.status != UndoStatus::failed) return std::nullopt;
  const Plan& plan = state.attempt->plan();
  if (number == 0 || number > plan.size()) return std::nullopt;  // the entry names none of its changes
  LeftInPlace left{number, undone.message, true};
  if (!by_effects(state) || number < first_act_of(plan)) return left;
  const ActKind kind = plan.acts[number - first_act_of(plan)].kind;
  const ChangeOutcome* outcome = outcome_of(*state.attempt, number);
  // A service is brought up once more by the next attempt. An act that failed may have left nothing.
  const bool failed_itself = outcome != nullptr && outcome->status == ChangeStatus::failed;
  left.ends_retries = !is_service(kind) && (kind == ActKind::build || !failed_itself);
  return left;
}

enum class Trial { none, by_service, done };

// The release or snapshot was tested, or a program ran with it, and that failed by itself.
Trial trial_of(const HealState& state) {
  if (state.phase() == Phase::certifying) return state.attempt->saw_nothing ? Trial::none : Trial::done;
  const Plan& plan = state.attempt->plan();
  for (unsigned number = first_act_of(plan); number <= plan.size(); ++number) {
    const ChangeOutcome* outcome = outcome_of(*state.attempt, number);
    if (outcome == nullptr || outcome->status != ChangeStatus::failed) continue;
    return is_service(plan.acts[number - first_act_of(plan)].kind) ? Trial::by_service : Trial::done;
  }
  return Trial::none;
}

}  // namespace

std::optional<NextStep> next_undo(const HealState& state) {
  if (state.plan() == nullptr) return std::nullopt;
  const Attempt& attempt = *state.attempt;
  const Plan& plan = *state.plan();
  const unsigned first_act = first_act_of(plan);
  const auto acts = static_cast<unsigned>(plan.acts.size());
  const auto open = [&](unsigned index, bool at_last) {
    const ActKind kind = plan.acts[index].kind;
    if (runs_on_what_is_put_back(kind) != at_last || kind == ActKind::service_check) return false;
    if (!took_effect(attempt, first_act + index) || attempt.undone.contains(first_act + index)) return false;
    return !by_effects(state) || !runs_again(kind) || something_read_was_put_back(attempt);
  };
  std::size_t to = plan.changes.size();
  const auto changes_down_to = [&](std::size_t floor) -> std::optional<NextStep> {
    while (to > floor) {
      const std::size_t from = begin_of_group(plan, to);
      for (std::size_t index = from; index < to; ++index) {
        if (!attempt.undone.contains(static_cast<unsigned>(index + 1))) return NextStep{0, from, to};
      }
      to = from;
    }
    return std::nullopt;
  };
  for (unsigned index = acts; index-- > 0;) {
    if (const auto changes = changes_down_to(plan.acts[index].after_changes)) return changes;
    if (open(index, false)) return NextStep{first_act + index, 0, 0};
  }
  if (const auto changes = changes_down_to(0)) return changes;
  for (unsigned index = 0; index < acts; ++index) {
    if (open(index, true)) return NextStep{first_act + index, 0, 0};
  }
  return std::nullopt;
}

std::optional<LeftInPlace> left_in_place(const HealState& state) {
  std::optional<LeftInPlace> first;
  if (state.plan() == nullptr) return first;
  for (const auto& [number, undone] : state.attempt->undone) {
    auto left = left_of(state, number, undone);
    if (!left) continue;
    if (left->ends_retries) return left;
    if (!first) first = std::move(left);
  }
  return first;
}

LeftBefore left_after_rollback(const HealState& state) {
  if (state.plan() == nullptr || !by_effects(state)) return {};
  const Plan& plan = *state.plan();
  const unsigned first_act = first_act_of(plan);
  if (const auto left = left_in_place(state)) {
    const ActKind kind = left->number >= first_act ? plan.acts[left->number - first_act].kind : ActKind::build;
    const bool of_process = kind == ActKind::service_start || kind == ActKind::service_stop;
    return {fmt::format("attempt {}, change {}: {}", state.attempt_number(), left->number, left->message), of_process};
  }
  const auto acted = [&](const auto& item) {
    return item.first >= first_act && item.second.status == ChangeStatus::done;
  };
  const bool stays = state.so_far.left_before.of_process || std::ranges::none_of(state.attempt->outcomes, acted);
  return stays ? state.so_far.left_before : LeftBefore();
}

TriedChoices tried_choices(const HealState& state) {
  TriedChoices tried;
  if (state.plan() == nullptr) return tried;
  const auto not_started = [](const auto& item) { return item.second.status == ChangeStatus::not_started; };
  if (std::ranges::any_of(state.attempt->outcomes, not_started)) return tried;
  const Trial trial = by_effects(state) ? trial_of(state) : Trial::done;
  if (trial == Trial::none) return tried;
  for (unsigned number = 1; number <= state.plan()->changes.size(); ++number) {
    const Change& change = state.plan()->changes[number - 1];
    if ((change.kind != ChangeKind::release && change.kind != ChangeKind::state) || change.named.empty()) continue;
    if (by_effects(state) && !was_made(*state.attempt, number)) continue;
    auto& keys = trial == Trial::by_service ? tried.doubted : tried.did_not_help;
    keys.push_back(choice_key(change.before.path, change.named.front()));
  }
  return tried;
}

bool saw_nothing(const Evidence& evidence) {
  const auto says_no = [](const ProbeResult& probe) { return probe.heal && probe.verdict == ProbeVerdict::fail; };
  const auto could_not = [](const ProbeResult& probe) { return probe.heal && probe.verdict == ProbeVerdict::unknown; };
  const auto refuses = [](const SecurityFinding& finding) { return !finding.passing; };
  if (std::ranges::any_of(evidence.probes, says_no) || std::ranges::any_of(evidence.findings, refuses)) return false;
  if (!std::ranges::all_of(evidence.tests, &TestResult::passed)) return false;
  const auto is_stranger = [](const PortFinding& port) { return port.holder == PortHolder::stranger; };
  return std::ranges::any_of(evidence.probes, could_not) || std::ranges::any_of(evidence.ports, is_stranger) ||
         !evidence.problem.empty();
}

}  // namespace autoheal::workflows
