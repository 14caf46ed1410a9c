#include "workflows/heal_state.hpp"

#include <algorithm>
#include <tuple>

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
    state.by = entry.by;
    state.began = entry.at;
  }
  void operator()(const TriggerJoined&) {}
  void operator()(const RepairStarted& entry) {
    state.phase = Phase::repairing;
    state.step = Step::observing;
    state.attempt = entry.attempt;
    state.plan.reset();
    state.observation.reset();
    state.plan_certified = false;
    state.outcomes.clear();
    state.captured.clear();
    state.undone.clear();
    state.intended = 0;
    state.rolling_back = false;
    state.changes_restored = false;
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
  }
  void operator()(const RepairFinished& entry) { keep(entry.outcomes); }
  void operator()(const RepairFailed& entry) {
    keep(entry.outcomes);
    state.intended = 0;
    state.last_problem = entry.message;
    state.step = Step::waiting;
  }
  void operator()(const CertificationStarted&) {
    state.phase = Phase::certifying;
    state.step = Step::certifying;
  }
  void operator()(const Certified&) { state.step = Step::waiting; }
  void operator()(const CertificationRefused& entry) {
    if (!entry.refusals.empty()) state.last_problem = entry.refusals.front().reason;
    state.step = Step::waiting;
  }
  void operator()(const RollbackStarted& entry) {
    state.rolling_back = true;
    state.step = Step::restoring;
    if (entry.again) {
      // What was put back stays so; what was foreign or failed is tried once more.
      std::erase_if(state.undone, [](const auto& item) { return unfinished(item.second.status); });
      state.changes_restored = false;
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
  }
  void operator()(const RetryScheduled& entry) {
    state.phase = Phase::retrying;
    state.step = Step::waiting;
    state.due = entry.due;
    state.delay = entry.delay;
  }
  void operator()(const Resumed& entry) { state.resumptions = entry.resumption; }
  void operator()(const CancelRequested& entry) { state.ending = entry.reason; }
  void operator()(const Completed& entry) {
    state.phase = Phase::complete;
    state.step = Step::ended;
    state.took = entry.took;
  }
  void operator()(const Exhausted& entry) {
    state.phase = Phase::exhausted;
    state.step = Step::ended;
    state.end_reason = entry.reason;
    state.took = entry.took;
  }

  static bool unfinished(UndoStatus status) { return status == UndoStatus::foreign || status == UndoStatus::failed; }
  void keep(const std::vector<ChangeOutcome>& outcomes) {
    for (const ChangeOutcome& outcome : outcomes) state.outcomes[outcome.number] = outcome;
  }
  void keep_undone(const std::vector<UndoOutcome>& outcomes) {
    for (const UndoOutcome& outcome : outcomes) {
      state.undone[outcome.number] = outcome;
      if (state.plan && outcome.number <= state.plan->changes.size()) state.changes_restored = true;
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
      return false;
  }
  return false;
}

bool comes_after_files(ActKind kind) { return kind == ActKind::service_restart || kind == ActKind::service_reload; }

}  // namespace

bool operator==(const HealState& a, const HealState& b) {
  const auto facts = [](const HealState& s) {
    return std::tie(s.phase, s.step, s.engine, s.strategy, s.max_retries, s.retry_delay, s.configuration, s.error, s.by,
                    s.attempt, s.plan_certified, s.outcomes, s.intended, s.rolling_back, s.changes_restored, s.undone,
                    s.ending, s.last_problem, s.delay, s.end_reason);
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

std::optional<unsigned> next_undo(const HealState& state) {
  if (!state.plan) return std::nullopt;
  const Plan& plan = *state.plan;
  const auto first_act = static_cast<unsigned>(plan.changes.size()) + 1;
  const auto acts = static_cast<unsigned>(plan.acts.size());
  const auto open = [&](unsigned index, bool after_files) {
    const unsigned number = first_act + index;
    const Act& act = plan.acts[index];
    return comes_after_files(act.kind) == after_files && act.kind != ActKind::service_check &&
           took_effect(state, number) && !state.undone.contains(number);
  };
  for (unsigned index = acts; index-- > 0;) {
    if (open(index, false)) return first_act + index;
  }
  if (!plan.changes.empty() && !state.changes_restored) return 0;
  for (unsigned index = 0; index < acts; ++index) {
    if (open(index, true)) return first_act + index;
  }
  return std::nullopt;
}

}  // namespace autoheal::workflows
