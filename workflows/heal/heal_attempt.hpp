// One attempt of a heal: its plan, the outcome of each of its changes, and the step that it has reached.
#pragma once

#include <map>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

// The outcome that a heal waits for.
enum class Step {
  waiting,  // for a slot, a dependency or the next attempt
  observing,
  changing,  // the plan is carried out and no act is under way: a group of its changes, side by side, or what is next
  acting,    // an act whose intent is recorded
  certifying,
  undoing,    // an undo whose intent is recorded
  restoring,  // the plan's changes are put back
  ended,
};

// The same steps of an attempt, each with what it alone has; in the order of Step.
namespace steps {
struct Waiting {  // for nothing: its conclusion is decided in the same commit
  friend bool operator==(const Waiting&, const Waiting&) = default;
};
struct Observing {
  friend bool operator==(const Observing&, const Observing&) = default;
};
struct Changing {
  friend bool operator==(const Changing&, const Changing&) = default;
};
struct Acting {
  unsigned number = 0;
  friend bool operator==(const Acting&, const Acting&) = default;
};
struct GatheringEvidence {
  friend bool operator==(const GatheringEvidence&, const GatheringEvidence&) = default;
};
struct Undoing {
  unsigned number = 0;
  friend bool operator==(const Undoing&, const Undoing&) = default;
};
struct Restoring {
  friend bool operator==(const Restoring&, const Restoring&) = default;
};
}  // namespace steps

using StepOfAttempt = std::variant<steps::Waiting, steps::Observing, steps::Changing, steps::Acting,
                                   steps::GatheringEvidence, steps::Undoing, steps::Restoring>;

[[nodiscard]] constexpr Step step_of(const StepOfAttempt& step) { return static_cast<Step>(step.index()); }

struct PlanOfAttempt {
  Shared<Plan> plan;
  Shared<Observation> observation;  // what it was made of
  bool certified = false;
  friend bool operator==(const PlanOfAttempt&, const PlanOfAttempt&) = default;
};

struct Attempt {
  unsigned number = 0;
  StepOfAttempt step = steps::Observing{};
  std::optional<PlanOfAttempt> recorded = {};       // once there is a plan
  std::map<unsigned, ChangeOutcome> outcomes = {};  // by number, the newest
  std::map<unsigned, BlobName> captured = {};       // what `capture` of an act printed
  std::map<unsigned, UndoOutcome> undone = {};
  std::optional<unsigned> interrupted = {};  // an act or undo without outcome, when a crash loop ended the heal
  bool starts_over = false;                  // it was planned by earlier rules: it is put back and started once more
  bool saw_nothing = false;                  // its certification was refused since nobody could look

  // The attempt has a plan, and the plan an act of that number.
  [[nodiscard]] const PlanOfAttempt& recorded_plan() const;
  [[nodiscard]] const Plan& plan() const { return *recorded_plan().plan; }
  [[nodiscard]] const Act& act(unsigned number) const;
  // Empty if `capture` printed nothing, or there is none.
  [[nodiscard]] BlobName captured_by(unsigned act) const;
  [[nodiscard]] std::vector<ChangeOutcome> all_outcomes() const;
  // An act or undo with an intent and no outcome.
  [[nodiscard]] std::optional<unsigned> intended() const;
  [[nodiscard]] bool is_rolling_back() const {
    return step_of(step) == Step::undoing || step_of(step) == Step::restoring;
  }
  [[nodiscard]] bool has_certified_plan() const { return recorded && recorded->certified; }

  friend bool operator==(const Attempt&, const Attempt&) = default;
};

// The next step of a certified plan: an act, or a group of changes that run in parallel.
struct NextStep {
  unsigned act = 0;              // its number, or 0: changes
  std::size_t from = 0, to = 0;  // which changes, as indices
};
// Empty when all is done. The attempt has a plan.
[[nodiscard]] std::optional<NextStep> next_step(const Attempt& attempt);

}  // namespace autoheal::workflows
