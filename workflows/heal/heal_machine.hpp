// The heal as a workflow: the pure decision between its inputs and its effects. Reads like section 3 of the contract;
// everything that acts is in heal_effects.hpp.
#pragma once

#include <string>
#include <utility>

#include "autoheal/engine/workflow.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"
#include "autoheal/workflows/heal/heal_messages.hpp"
#include "autoheal/workflows/heal/heal_rules.hpp"

namespace autoheal::workflows {

struct Heal {
  static constexpr std::string_view type = "heal";
  static constexpr unsigned version = heal_version;
  using State = HealState;
  using Input = HealInput;
  using Entry = HealEntry;
  using Effect = HealEffect;

  static engine::Decision<Heal> decide(const State& state, const Input& input, Timestamp now);
  static State apply(State state, const Entry& entry) { return apply_heal_entry(std::move(state), entry); }
  static const char* violation(const State& state, const Entry& entry) { return violation_of(state, entry); }
  // As encode() gives it; heal_codec.cpp, as all three.
  static engine::Envelope envelope(const State& state, const Entry& entry);
  static engine::Encoded encode(const State& state, const Entry& entry);
  static Result<Entry> decode(std::string_view entry_type, unsigned dataversion, std::string_view data);
  static Input resumed() { return ProcessStarted{}; }
  static Input woken() { return WokenUp{}; }
  // After two resumptions without progress it may be what kills the process.
  static bool resumes_alone(const State& state) { return could_have_killed(state) && state.resumptions >= 2; }
};

// Resumptions without progress after which a heal is set aside as crash_loop: two beside others, three alone.
inline constexpr unsigned resumptions_allowed = 5;

}  // namespace autoheal::workflows
