// The state of a heal, folded from its entries and from nothing else.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

// The contract's six states; `none` is before the first entry.
enum class Phase { none, triggered, repairing, certifying, retrying, complete, exhausted };

// The step within a phase: the outcome that the heal waits for.
enum class Step {
  waiting,  // for a slot, a dependency or the next attempt
  observing,
  changing,  // the plan is carried out and no act is under way: a group of its changes, side by side, or what is next
  acting,    // the act whose intent is `intended`
  certifying,
  undoing,    // the undo whose intent is `intended`
  restoring,  // the plan's changes are put back
  ended,
};

// Changes that an earlier attempt could not take back, and no later one has yet; empty: none.
struct LeftBefore {
  std::string text;
  bool of_process = false;  // one that was started or stopped: no later attempt takes that back
  friend bool operator==(const LeftBefore&, const LeftBefore&) = default;
};

struct HealState {
  Phase phase = Phase::none;
  Step step = Step::waiting;

  std::string engine;
  Strategy strategy = Strategy::generic;
  unsigned max_retries = 3;
  Duration retry_delay{0};
  BlobName configuration;
  std::string error;
  std::vector<std::string> needs;  // engines below it whose heals it waited for
  By by;
  Timestamp began;
  unsigned version = heal_version;  // of the rules by which it is decided

  unsigned attempt = 0;
  unsigned next_attempt = 1;
  unsigned starts = 0;       // attempts that were started, those that started over counted again
  bool starts_over = false;  // the open attempt was planned by earlier rules: it is put back and started once more
  std::shared_ptr<const Plan> plan;  // of the open attempt, once recorded
  std::shared_ptr<const Observation> observation;
  bool plan_certified = false;
  std::map<unsigned, ChangeOutcome> outcomes;  // by number, the newest
  std::map<unsigned, BlobName> captured;       // what `capture` of an act printed
  unsigned intended = 0;                       // act or undo with an intent and no outcome, or 0
  bool rolling_back = false;
  std::map<unsigned, UndoOutcome> undone;
  std::vector<std::string> refused;  // choice_key() of releases and snapshots that did not help
  std::vector<std::string> doubted;  // those with which a service did not start, once: that may have been its manager
  bool saw_nothing = false;          // the open attempt's certification was refused since nobody could look
  LeftBefore left_before;

  std::optional<EndReason> ending;  // asked to end: no further attempt
  std::string last_problem;         // why the newest attempt failed
  LastLines last_lines;             // of the program that failed in it
  Timestamp due;                    // of the next attempt
  Duration delay{0};
  unsigned resumptions = 0;                              // since the last progress
  EndReason end_reason = EndReason::attempts_exhausted;  // once exhausted
  std::string end_message;                               // once exhausted: what there was to say beside the reason
  Duration took{0};                                      // once ended
  std::vector<std::string> kept;                         // once ended: displaced files that stay, and why

  friend bool operator==(const HealState&, const HealState&);
};

// A waiting heal cannot have crashed the process.
[[nodiscard]] inline bool could_have_killed(const HealState& state) { return state.step != Step::waiting; }

[[nodiscard]] std::string_view name_of(Phase phase);  // "Triggered", ...

// The next step of a certified plan: an act, or a group of changes that run in parallel.
struct NextStep {
  unsigned act = 0;              // its number, or 0: changes
  std::size_t from = 0, to = 0;  // which changes, as indices
};
// Empty when all is done.
[[nodiscard]] std::optional<NextStep> next_step(const HealState& state);

}  // namespace autoheal::workflows
