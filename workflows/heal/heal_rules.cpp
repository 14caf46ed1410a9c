#include "autoheal/workflows/heal/heal_rules.hpp"

#include <algorithm>
#include <array>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"
#include "autoheal/workflows/heal/heal_undo.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t phase_count = static_cast<std::size_t>(Phase::exhausted) + 1;
constexpr std::size_t kinds = std::variant_size_v<HealEntry>;
using LegalKinds = std::array<std::array<bool, kinds>, phase_count>;

template <std::size_t... kind>
LegalKinds read_table(std::index_sequence<kind...>) {
  LegalKinds legal{};
  for (std::size_t phase = 0; phase < phase_count; ++phase) {
    ((legal[phase][kind] =
          phase_after(static_cast<Phase>(phase), type_of(HealEntry(std::in_place_index<kind>))).has_value()),
     ...);
  }
  return legal;
}

// The table by number, since every entry asks it twice.
bool is_legal(Phase phase, std::size_t kind) {
  static const LegalKinds legal = read_table(std::make_index_sequence<kinds>());
  return legal[static_cast<std::size_t>(phase)][kind];
}

struct Fit {
  const HealState& state;

  // Joined, resumed, told to end: at any time that the table allows.
  template <class E>
  const char* operator()(const E&) const {
    return nullptr;
  }

  const char* operator()(const RepairStarted& entry) const {
    if (entry.attempt != state.next_attempt()) return "another attempt than the next one begins";
    return within_limit(entry.attempt) ? nullptr : "more attempts than max_retries";
  }
  const char* operator()(const PlanRecorded& entry) const {
    if (state.step() != Step::observing) return "a plan without a look at the world";
    return acts_are_in_order(*entry.plan) ? nullptr : "acts that come after changes which the plan does not have";
  }
  const char* operator()(const PlanCertified&) const { return judges_plan(); }
  const char* operator()(const PlanRefused&) const { return judges_plan(); }

  const char* operator()(const ChangeIntended& entry) const {
    if (state.step() != Step::changing) return "an act outside of a certified plan";
    return is_act(entry.number) ? nullptr : "an act that the plan does not have";
  }
  const char* operator()(const ChangeApplied& entry) const {
    return carries_out_plan() ? outcomes_fit(entry.outcomes) : "a change outside of a certified plan";
  }
  const char* operator()(const RepairFailed& entry) const {
    if (state.step() == Step::observing) return entry.outcomes.empty() ? nullptr : "a change before the plan";
    return carries_out_plan() ? outcomes_fit(entry.outcomes) : "the failure of no repair";
  }
  const char* operator()(const RepairFinished& entry) const {
    if (state.step() != Step::changing) return "the end of no repair";
    if (const char* problem = outcomes_fit(entry.outcomes)) return problem;
    return all_is_done(entry.outcomes.size()) ? nullptr : "the end of a repair that is not done";
  }
  const char* operator()(const CertificationStarted&) const {
    return state.step() == Step::changing && all_is_done(0) ? nullptr
                                                            : "the certification of a repair that is not done";
  }
  const char* operator()(const Certified& entry) const {
    if (state.step() != Step::certifying) return "a certificate without certification";
    if (!within_limit(entry.attempt)) return "more attempts than max_retries";
    return entry.attempt == state.attempt_number() ? nullptr : "the certificate of another attempt";
  }
  const char* operator()(const CertificationRefused&) const {
    return state.step() == Step::certifying ? nullptr : "a refusal without certification";
  }

  const char* operator()(const RollbackStarted&) const {
    return state.has_certified_plan() ? nullptr : "a rollback of what was never begun";
  }
  const char* operator()(const UndoIntended& entry) const {
    if (!state.is_rolling_back()) return "an undo outside of a rollback";
    return is_act(entry.number) ? nullptr : "the undo of an act that the plan does not have";
  }
  const char* operator()(const UndoApplied& entry) const { return undone_fits(entry.outcomes); }
  const char* operator()(const RolledBack& entry) const { return undone_fits(entry.outcomes); }

  const char* operator()(const RetryScheduled& entry) const {
    if (entry.next_attempt != state.attempt_number() && entry.next_attempt != state.attempt_number() + 1)
      return "an attempt is left out";
    return within_limit(entry.next_attempt) ? nullptr : "more attempts than max_retries";
  }
  const char* operator()(const Completed& entry) const {
    if (entry.attempts != state.attempt_number()) return "the end of another attempt";
    return state.step() == Step::waiting ? nullptr : "an end before its certificate";
  }

  // The first attempt is always made.
  [[nodiscard]] bool within_limit(unsigned attempt) const {
    return attempt <= std::max(state.request->max_retries, 1U);
  }

  [[nodiscard]] const char* judges_plan() const {
    return state.step() == Step::observing && state.plan() != nullptr ? nullptr : "a verdict without a plan";
  }

  static bool acts_are_in_order(const Plan& plan) {
    return std::ranges::is_sorted(plan.acts, {}, &Act::after_changes) &&
           (plan.acts.empty() || plan.acts.back().after_changes <= plan.changes.size());
  }

  // These steps are reached only with a plan that was certified.
  [[nodiscard]] bool carries_out_plan() const { return state.step() == Step::changing || state.step() == Step::acting; }

  // Asked for only in steps that are reached with a plan.
  [[nodiscard]] const Plan& plan() const {
    AUTOHEAL_CHECK(state.plan() != nullptr);
    return *state.plan();
  }

  [[nodiscard]] bool is_act(unsigned number) const { return number > plan().changes.size() && number <= plan().size(); }
  [[nodiscard]] bool all_is_done(std::size_t unreported) const {
    return state.attempt->outcomes.size() + unreported == plan().size();
  }

  // An act has one outcome, its own; each change of a group has one, once.
  [[nodiscard]] const char* outcomes_fit(const std::vector<ChangeOutcome>& outcomes) const {
    if (state.step() == Step::acting) {
      const bool own =
          std::ranges::all_of(outcomes, [this](const auto& one) { return one.number == state.intended(); });
      return own && outcomes.size() <= 1 ? nullptr : "the outcome of another act than the intended one";
    }
    unsigned last = 0;
    for (const ChangeOutcome& outcome : outcomes) {
      const bool is_change = outcome.number > last && outcome.number <= plan().changes.size();
      if (!is_change || state.attempt->outcomes.contains(outcome.number)) return "an outcome that no change waits for";
      last = outcome.number;
    }
    return nullptr;
  }

  [[nodiscard]] const char* undone_fits(const std::vector<UndoOutcome>& outcomes) const {
    if (!state.is_rolling_back()) return "something is put back outside of a rollback";
    const bool of_plan = std::ranges::all_of(
        outcomes, [this](const auto& one) { return one.number > 0 && one.number <= plan().size(); });
    return of_plan ? nullptr : "something is put back that the plan does not have";
  }
};

}  // namespace

const char* violation_of(const HealState& state, const HealEntry& entry) {
  if (!is_legal(state.phase(), entry.index())) return "what may not follow in this phase";
  return std::visit(Fit{state}, entry);
}

bool nothing_is_left_to_undo(const HealState& state) { return !state.has_certified_plan() || !next_undo(state); }

}  // namespace autoheal::workflows
