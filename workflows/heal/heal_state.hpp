// The state of a heal, folded from its entries and from nothing else: what every phase has, and what one phase has
// alone.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/workflows/heal/heal_attempt.hpp"

namespace autoheal::workflows {

// The contract's six states; `none` is before the first entry.
enum class Phase { none, triggered, repairing, certifying, retrying, complete, exhausted };

// The same phases, each with what it alone has; in the order of Phase. Apart from their attempt the open ones have
// nothing of their own.
namespace phases {
struct None {
  friend bool operator==(const None&, const None&) = default;
};
struct Queued {  // it waits for a slot or for the engines that it needs
  friend bool operator==(const Queued&, const Queued&) = default;
};
struct Repairing {
  friend bool operator==(const Repairing&, const Repairing&) = default;
};
struct Certifying {
  friend bool operator==(const Certifying&, const Certifying&) = default;
};
struct Retrying {
  unsigned next_attempt = 1;
  Timestamp due;
  Duration delay{0};
  friend bool operator==(const Retrying&, const Retrying&) = default;
};
struct Ended {
  Duration took{0};
  std::vector<std::string> kept = {};  // displaced files that stay, and why
  friend bool operator==(const Ended&, const Ended&) = default;
};
struct EndedComplete : Ended {
  friend bool operator==(const EndedComplete&, const EndedComplete&) = default;
};
struct EndedExhausted : Ended {
  EndReason reason = EndReason::attempts_exhausted;
  std::string message = {};           // what there was to say beside the reason
  bool is_rolled_back_again = false;  // somebody asked for it: from then on its last attempt has a step once more
  friend bool operator==(const EndedExhausted&, const EndedExhausted&) = default;
};
}  // namespace phases

using PhaseOfHeal = std::variant<phases::None, phases::Queued, phases::Repairing, phases::Certifying, phases::Retrying,
                                 phases::EndedComplete, phases::EndedExhausted>;

// Changes that an earlier attempt could not take back, and no later one has yet; empty: none.
struct LeftBefore {
  std::string text;
  bool of_process = false;  // one that was started or stopped: no later attempt takes that back
  friend bool operator==(const LeftBefore&, const LeftBefore&) = default;
};

// Counted and learned over all attempts.
struct AttemptsSoFar {
  unsigned starts = 0;                    // attempts that were started, those that started over counted again
  std::vector<std::string> refused = {};  // choice_key() of releases and snapshots that did not help
  std::vector<std::string> doubted = {};  // those with which a service did not start, once: that may have been its
                                          // manager
  LeftBefore left_before = {};
  std::string last_problem = {};  // why the newest attempt failed
  LastLines last_lines = {};      // of the program that failed in it
  friend bool operator==(const AttemptsSoFar&, const AttemptsSoFar&) = default;
};

struct HealState {
  Shared<HealRequest> request;      // never changes once it was triggered
  unsigned version = heal_version;  // of the rules by which it is decided
  PhaseOfHeal in_phase;
  std::optional<EndReason> ending;  // asked to end: no further attempt
  unsigned resumptions = 0;         // since the last progress
  AttemptsSoFar so_far;
  std::optional<Attempt> attempt;  // the newest: open while repairing and certifying; later, how it ended

  [[nodiscard]] Phase phase() const { return static_cast<Phase>(in_phase.index()); }
  [[nodiscard]] Step step() const;
  [[nodiscard]] bool has_ended() const { return phase() == Phase::complete || phase() == Phase::exhausted; }
  // An attempt is open: what it changed stands on no certificate.
  [[nodiscard]] bool in_attempt() const { return phase() == Phase::repairing || phase() == Phase::certifying; }

  // Null in every other phase.
  [[nodiscard]] const phases::Retrying* retrying() const { return std::get_if<phases::Retrying>(&in_phase); }
  [[nodiscard]] const phases::EndedExhausted* exhausted() const {
    return std::get_if<phases::EndedExhausted>(&in_phase);
  }
  [[nodiscard]] const phases::Ended* ended() const;

  // About the newest attempt: 0, null and false before the first one.
  [[nodiscard]] unsigned attempt_number() const { return attempt ? attempt->number : 0; }
  [[nodiscard]] const Plan* plan() const;
  [[nodiscard]] std::shared_ptr<const Plan> shared_plan() const;
  [[nodiscard]] const Observation* observation() const;
  [[nodiscard]] bool has_certified_plan() const { return attempt && attempt->has_certified_plan(); }
  [[nodiscard]] bool is_rolling_back() const { return attempt && attempt->is_rolling_back(); }
  [[nodiscard]] bool starts_over() const { return attempt && attempt->starts_over; }
  [[nodiscard]] std::optional<unsigned> intended() const { return attempt ? attempt->intended() : std::nullopt; }
  // The number that the next attempt will have; of an open one, its own.
  [[nodiscard]] unsigned next_attempt() const;

  friend bool operator==(const HealState&, const HealState&) = default;
};

// A waiting heal cannot have crashed the process.
[[nodiscard]] inline bool could_have_killed(const HealState& state) { return state.step() != Step::waiting; }

[[nodiscard]] std::string_view name_of(Phase phase);  // "Triggered", ...

}  // namespace autoheal::workflows
