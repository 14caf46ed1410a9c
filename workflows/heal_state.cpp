#include "workflows/heal_state.hpp"

#include <algorithm>
#include <tuple>

#include "workflows/strategy.hpp"

namespace autoheal::workflows {

namespace {

bool same_plan(const std::shared_ptr<const Plan>& a, const std::shared_ptr<const Plan>& b) {
  return a == b || (a && b && *a == *b);
}

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
    state.step = Step::waiting;
    const auto is_defect = [](const Refusal& refusal) { return refusal.criterion == defect_word; };
    if (std::ranges::any_of(entry.refusals, is_defect)) end_in_defect();
  }
  void operator()(const RollbackStarted& entry) {
    state.rolling_back = true;
    state.step = Step::restoring;
    if (entry.again) {
      // What was put back stays so; what was foreign or failed is tried once more.
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

  [[nodiscard]] bool any_not_started() const {
    return std::ranges::any_of(state.outcomes,
                               [](const auto& item) { return item.second.status == ChangeStatus::not_started; });
  }
  static bool unfinished(UndoStatus status) { return status == UndoStatus::foreign || status == UndoStatus::failed; }
  void keep(const std::vector<ChangeOutcome>& outcomes) {
    for (const ChangeOutcome& outcome : outcomes) state.outcomes[outcome.number] = outcome;
  }
  void keep_undone(const std::vector<UndoOutcome>& outcomes) {
    for (const UndoOutcome& outcome : outcomes) state.undone[outcome.number] = outcome;
  }
  // What was chosen for an attempt that had to be rolled back is not chosen again, unless it never got its trial.
  void refuse_choices() {
    if (!state.plan || any_not_started()) return;
    for (const Change& change : state.plan->changes) {
      if ((change.kind != ChangeKind::release && change.kind != ChangeKind::state) || change.named.empty()) continue;
      const std::string key = choice_key(change.before.path, change.named.front());
      if (std::ranges::find(state.refused, key) == state.refused.end()) state.refused.push_back(key);
    }
  }
};

// Whether the act may have had an effect that its undo takes back.
bool took_effect(const HealState& state, unsigned number) {
  const auto outcome = state.outcomes.find(number);
  if (outcome == state.outcomes.end()) return false;
  switch (outcome->second.status) {
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

bool runs_on_what_is_put_back(ActKind kind) {
  return kind == ActKind::service_restart || kind == ActKind::service_reload || kind == ActKind::service_stop;
}

// The changes that are made together, right before an act or at the end: the group that the change `to - 1` ends.
std::size_t begin_of_group(const Plan& plan, std::size_t to) {
  std::size_t from = 0;
  for (const Act& act : plan.acts) {
    if (act.after_changes < to) from = std::max(from, act.after_changes);
  }
  return from;
}

}  // namespace

bool operator==(const HealState& a, const HealState& b) {
  const auto facts = [](const HealState& s) {
    return std::tie(s.phase, s.step, s.engine, s.strategy, s.max_retries, s.retry_delay, s.configuration, s.error, s.by,
                    s.version, s.attempt, s.next_attempt, s.starts_over, s.plan_certified, s.outcomes, s.intended,
                    s.rolling_back, s.undone, s.refused, s.ending, s.last_problem, s.delay, s.end_reason, s.end_message,
                    s.kept);
  };
  return facts(a) == facts(b) && same_plan(a.plan, b.plan);
}

namespace {
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

std::optional<NextStep> next_undo(const HealState& state) {
  if (!state.plan) return std::nullopt;
  const Plan& plan = *state.plan;
  const auto first_act = static_cast<unsigned>(plan.changes.size()) + 1;
  const auto acts = static_cast<unsigned>(plan.acts.size());
  const auto open = [&](unsigned index, bool at_last) {
    const ActKind kind = plan.acts[index].kind;
    return runs_on_what_is_put_back(kind) == at_last && kind != ActKind::service_check &&
           took_effect(state, first_act + index) && !state.undone.contains(first_act + index);
  };
  std::size_t to = plan.changes.size();
  const auto changes_down_to = [&](std::size_t floor) -> std::optional<NextStep> {
    while (to > floor) {
      const std::size_t from = begin_of_group(plan, to);
      for (std::size_t index = from; index < to; ++index) {
        if (!state.undone.contains(static_cast<unsigned>(index + 1))) return NextStep{0, from, to};
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

}  // namespace autoheal::workflows
