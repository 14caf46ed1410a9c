#include "autoheal/workflows/heal/heal_apply.hpp"

#include <algorithm>

#include "autoheal/workflows/heal/heal_undo.hpp"

namespace autoheal::workflows {

namespace {

struct Fold {
  HealState& state;

  void operator()(const Triggered& entry) {
    state.phase = Phase::triggered;
    state.step = Step::waiting;
    state.engine = entry.engine;
    state.strategy = entry.strategy;
    state.max_retries = entry.max_retries;
    state.retry_delay = entry.retry_delay;
    state.configuration = entry.configuration;
    state.error = entry.error;
    state.needs = entry.needs;
    state.by = entry.by;
    state.began = entry.at;
    state.version = entry.version;
  }
  void operator()(const TriggerJoined&) {}
  void operator()(const RepairStarted& entry) {
    state.phase = Phase::repairing;
    state.step = Step::observing;
    state.attempt = state.next_attempt = entry.attempt;
    ++state.starts;
    state.starts_over = false;
    state.plan.reset();
    state.observation.reset();
    state.plan_certified = false;
    state.outcomes.clear();
    state.captured.clear();
    state.undone.clear();
    state.intended = 0;
    state.rolling_back = false;
    state.saw_nothing = false;
  }
  void operator()(const PlanRecorded& entry) {
    state.plan = std::make_shared<const Plan>(entry.plan);
    state.observation = std::make_shared<const Observation>(entry.observation);
  }
  void operator()(const PlanCertified&) {
    state.plan_certified = true;
    state.step = Step::changing;
  }
  void operator()(const PlanRefused& entry) {
    if (!entry.refusals.empty()) state.last_problem = entry.refusals.front().reason;
    state.last_lines.clear();
    state.step = Step::waiting;
  }
  void operator()(const ChangeIntended& entry) {
    if (!entry.captured.empty()) state.captured[entry.number] = entry.captured;
    state.intended = entry.number;
    state.step = Step::acting;
  }
  void operator()(const ChangeApplied& entry) {
    keep(entry.outcomes);
    state.intended = 0;
    state.step = Step::changing;
  }
  void operator()(const RepairFinished& entry) { keep(entry.outcomes); }
  void operator()(const RepairFailed& entry) {
    keep(entry.outcomes);
    state.intended = 0;
    state.last_problem = entry.message;
    state.last_lines = entry.last_lines;
    state.step = Step::waiting;
    if (entry.cause == defect_word) end_in_defect();
  }
  void operator()(const CertificationStarted&) {
    state.phase = Phase::certifying;
    state.step = Step::certifying;
  }
  void operator()(const Certified&) { state.step = Step::waiting; }
  void operator()(const CertificationRefused& entry) {
    if (!entry.refusals.empty()) state.last_problem = entry.refusals.front().reason;
    state.last_lines = entry.last_lines;
    state.saw_nothing = saw_nothing(entry.evidence);
    state.step = Step::waiting;
    const auto is_defect = [](const Refusal& refusal) { return refusal.criterion == defect_word; };
    if (std::ranges::any_of(entry.refusals, is_defect)) end_in_defect();
  }
  void operator()(const RollbackStarted& entry) {
    state.rolling_back = true;
    state.step = Step::restoring;
    if (entry.again) {
      // Restored targets stay so; foreign and failed ones are tried once more.
      std::erase_if(state.undone, [](const auto& item) { return unfinished(item.second.status); });
    }
  }
  void operator()(const UndoIntended& entry) {
    state.intended = entry.number;
    state.step = Step::undoing;
  }
  void operator()(const UndoApplied& entry) {
    state.intended = 0;
    state.step = Step::restoring;
    keep_undone(entry.outcomes);
  }
  void operator()(const RolledBack& entry) {
    keep_undone(entry.outcomes);
    state.rolling_back = false;
    state.step = Step::waiting;
    if (!state.starts_over) refuse_choices();
    state.left_before = left_after_rollback(state);
  }
  void operator()(const RetryScheduled& entry) {
    state.phase = Phase::retrying;
    state.step = Step::waiting;
    state.next_attempt = entry.next_attempt;
    state.starts_over = false;
    state.due = entry.due;
    state.delay = entry.delay;
  }
  void operator()(const Resumed& entry) {
    state.resumptions = entry.resumption;
    if (entry.version == 0) return;
    state.version = entry.version;
    // One that is being put back anyway ends as it is; before its plan it has done nothing by any rules.
    const bool open = state.phase == Phase::repairing || state.phase == Phase::certifying;
    if (open && state.plan_certified && !state.rolling_back) state.starts_over = true;
  }
  void operator()(const CancelRequested& entry) { state.ending = entry.reason; }
  void operator()(const Completed& entry) {
    state.phase = Phase::complete;
    state.step = Step::ended;
    take_time(entry.took);
  }
  void operator()(const Exhausted& entry) {
    state.phase = Phase::exhausted;
    state.step = Step::ended;
    state.end_reason = entry.reason;
    state.end_message = entry.message;
    take_time(entry.took);
  }
  void operator()(const ImagesKept& entry) { state.kept = entry.kept; }
  // The entry holds what the wall clock said; where that was set back meanwhile, nobody knows how long it took.
  void take_time(Duration by_wall_clock) { state.took = std::max(Duration{0}, by_wall_clock); }

  // No further attempt: the same code would go wrong once more.
  void end_in_defect() {
    if (!state.ending) state.ending = EndReason::defect;
  }

  static bool unfinished(UndoStatus status) { return status == UndoStatus::foreign || status == UndoStatus::failed; }
  void keep(const std::vector<ChangeOutcome>& outcomes) {
    for (const ChangeOutcome& outcome : outcomes) state.outcomes[outcome.number] = outcome;
  }
  void keep_undone(const std::vector<UndoOutcome>& outcomes) {
    for (const UndoOutcome& outcome : outcomes) state.undone[outcome.number] = outcome;
  }
  // A choice that did not help is not made again, nor one with which no service started twice.
  void refuse_choices() {
    TriedChoices tried = tried_choices(state);
    for (std::string& key : tried.doubted) {
      const bool once_more = std::ranges::find(state.doubted, key) != state.doubted.end();
      (once_more ? tried.did_not_help : state.doubted).push_back(std::move(key));
    }
    for (std::string& key : tried.did_not_help) {
      if (std::ranges::find(state.refused, key) == state.refused.end()) state.refused.push_back(std::move(key));
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
  return state;
}

}  // namespace autoheal::workflows
