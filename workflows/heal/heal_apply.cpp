#include "autoheal/workflows/heal/heal_apply.hpp"

#include <algorithm>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/workflows/heal/heal_undo.hpp"

namespace autoheal::workflows {

namespace {

struct Fold {
  HealState& state;

  void operator()(const Triggered& entry) {
    const HealRequest& request = entry;
    state.request = Shared<HealRequest>(request);
    state.version = entry.version;
    state.in_phase = phases::Queued{};
  }
  void operator()(const TriggerJoined&) {}
  void operator()(const RepairStarted& entry) {
    state.in_phase = phases::Repairing{};
    state.attempt.emplace().number = entry.attempt;
    ++state.so_far.starts;
  }
  void operator()(const PlanRecorded& entry) { attempt().recorded = PlanOfAttempt{entry.plan, entry.observation}; }
  void operator()(const PlanCertified&) {
    if (attempt().recorded) attempt().recorded->certified = true;
    go_to(steps::Changing{});
  }
  void operator()(const PlanRefused& entry) {
    note_refusals(entry.refusals);
    state.so_far.last_lines.clear();
    go_to(steps::Waiting{});
  }
  void operator()(const ChangeIntended& entry) {
    if (!entry.captured.empty()) attempt().captured[entry.number] = entry.captured;
    go_to(steps::Acting{entry.number});
  }
  void operator()(const ChangeApplied& entry) {
    keep(entry.outcomes);
    go_to(steps::Changing{});
  }
  void operator()(const RepairFinished& entry) { keep(entry.outcomes); }
  void operator()(const RepairFailed& entry) {
    keep(entry.outcomes);
    state.so_far.last_problem = entry.message;
    state.so_far.last_lines = entry.last_lines;
    go_to(steps::Waiting{});
    if (entry.cause == defect_word) end_in_defect();
  }
  void operator()(const CertificationStarted&) {
    state.in_phase = phases::Certifying{};
    go_to(steps::GatheringEvidence{});
  }
  void operator()(const Certified&) { go_to(steps::Waiting{}); }
  void operator()(const CertificationRefused& entry) {
    note_refusals(entry.refusals);
    state.so_far.last_lines = entry.last_lines;
    attempt().saw_nothing = saw_nothing(entry.evidence);
    go_to(steps::Waiting{});
    const auto is_defect = [](const Refusal& refusal) { return refusal.criterion == defect_word; };
    if (std::ranges::any_of(entry.refusals, is_defect)) end_in_defect();
  }
  void operator()(const RollbackStarted& entry) {
    attempt().interrupted = attempt().intended();
    go_to(steps::Restoring{});
    if (entry.again) {
      // Restored targets stay so; foreign and failed ones are tried once more.
      std::erase_if(attempt().undone, [](const auto& item) { return unfinished(item.second.status); });
    }
  }
  void operator()(const UndoIntended& entry) { go_to(steps::Undoing{entry.number}); }
  void operator()(const UndoApplied& entry) {
    keep_undone(entry.outcomes);
    attempt().interrupted.reset();
    go_to(steps::Restoring{});
  }
  void operator()(const RolledBack& entry) {
    keep_undone(entry.outcomes);
    go_to(steps::Waiting{});
    if (!state.starts_over()) refuse_choices();
    state.so_far.left_before = left_after_rollback(state);
  }
  void operator()(const RetryScheduled& entry) {
    state.in_phase = phases::Retrying{entry.next_attempt, entry.due, entry.delay};
    if (state.attempt) state.attempt->starts_over = false;
  }
  void operator()(const Resumed& entry) {
    state.resumptions = entry.resumption;
    if (entry.version == 0) return;
    state.version = entry.version;
    // One that is being put back anyway ends as it is; before its plan it has done nothing by any rules.
    if (state.in_attempt() && state.has_certified_plan() && !state.is_rolling_back()) attempt().starts_over = true;
  }
  void operator()(const CancelRequested& entry) { state.ending = entry.reason; }
  void operator()(const Completed& entry) { state.in_phase = phases::EndedComplete{{by_wall_clock(entry.took)}}; }
  void operator()(const Exhausted& entry) {
    state.in_phase = phases::EndedExhausted{{by_wall_clock(entry.took)}, entry.reason, entry.message};
  }
  void operator()(const ImagesKept& entry) {
    if (auto* complete = std::get_if<phases::EndedComplete>(&state.in_phase)) complete->kept = entry.kept;
    if (auto* exhausted = std::get_if<phases::EndedExhausted>(&state.in_phase)) exhausted->kept = entry.kept;
  }

  // An entry of an attempt that no entry started is shown as if one had.
  Attempt& attempt() { return state.attempt ? *state.attempt : state.attempt.emplace(); }
  void go_to(StepOfAttempt step) {
    attempt().step = step;
    if (auto* exhausted = std::get_if<phases::EndedExhausted>(&state.in_phase)) exhausted->is_rolled_back_again = true;
  }

  // The entry holds what the wall clock said; where that was set back meanwhile, nobody knows how long it took.
  static Duration by_wall_clock(Duration took) { return std::max(Duration{0}, took); }

  // No further attempt: the same code would go wrong once more.
  void end_in_defect() {
    if (!state.ending) state.ending = EndReason::defect;
  }

  static bool unfinished(UndoStatus status) { return status == UndoStatus::foreign || status == UndoStatus::failed; }
  void note_refusals(const std::vector<Refusal>& refusals) {
    if (!refusals.empty()) state.so_far.last_problem = refusals.front().reason;
  }
  void keep(const std::vector<ChangeOutcome>& outcomes) {
    for (const ChangeOutcome& outcome : outcomes) attempt().outcomes[outcome.number] = outcome;
  }
  void keep_undone(const std::vector<UndoOutcome>& outcomes) {
    for (const UndoOutcome& outcome : outcomes) attempt().undone[outcome.number] = outcome;
  }
  // A choice that did not help is not made again, nor one with which no service started twice.
  void refuse_choices() {
    AttemptsSoFar& so_far = state.so_far;
    TriedChoices tried = tried_choices(state);
    for (std::string& key : tried.doubted) {
      const bool once_more = std::ranges::find(so_far.doubted, key) != so_far.doubted.end();
      (once_more ? tried.did_not_help : so_far.doubted).push_back(std::move(key));
    }
    for (std::string& key : tried.did_not_help) {
      if (std::ranges::find(so_far.refused, key) == so_far.refused.end()) so_far.refused.push_back(std::move(key));
    }
  }
};

// A heal that kills the process each time it is resumed must not look busy: beginning something is no progress.
bool is_progress(const HealEntry& entry) {
  if (const auto* applied = std::get_if<ChangeApplied>(&entry)) {
    return std::ranges::any_of(applied->outcomes,
                               [](const ChangeOutcome& outcome) { return outcome.status != ChangeStatus::unknown; });
  }
  return !std::holds_alternative<Resumed>(entry) && !std::holds_alternative<TriggerJoined>(entry) &&
         !std::holds_alternative<CancelRequested>(entry) && !std::holds_alternative<ChangeIntended>(entry) &&
         !std::holds_alternative<UndoIntended>(entry);
}

}  // namespace

HealState apply_heal_entry(HealState state, const HealEntry& entry) {
  std::visit(Fold{state}, entry);
  if (is_progress(entry)) state.resumptions = 0;
  AUTOHEAL_CHECK(state.attempt || !state.in_attempt());  // in whatever order the entries come
  return state;
}

}  // namespace autoheal::workflows
