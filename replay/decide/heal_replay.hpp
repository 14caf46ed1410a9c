// Decides a past heal again with today's code: fold what is recorded, rebuild each input, ask the very `decide` that
// runs live, and compare what it appends with what the ledger holds. Touches nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/replay/record/recorded_input.hpp"

namespace autoheal::replay {

// Heal::decide, unless a test asks what another rule would do.
using Decide = std::function<engine::Decision<workflows::Heal>(const workflows::HealState&, const workflows::HealInput&,
                                                               Timestamp)>;

enum class Verdict {
  same,       // every step was decided again as it is recorded
  diverged,   // today's code decides otherwise
  set_aside,  // an entry, or what it names, cannot be read: nothing is said about this heal
};

// The first step that today's code decides otherwise.
struct Divergence {
  std::uint64_t version = 0;  // of the first entry that differs, within the heal; may be one past its end
  engine::Position position;  // of that entry, or of the last one before it
  std::string input;          // what led there, in words
  workflows::HealState before;
  std::vector<engine::Entry> recorded;    // by this step, as far as it can be told where it ends
  std::vector<engine::NewEntry> decided;  // by today's code
  std::size_t same = 0;                   // how many of both are the same before they differ
};

struct Replayed {
  Verdict verdict = Verdict::same;
  std::string why;             // why it was set aside
  workflows::HealState state;  // after the last step that was decided as recorded
  std::size_t entries = 0;     // decided again
  std::size_t steps = 0;
  std::size_t taken = 0;  // entries taken as they are, since an older version did not keep what led to them
  std::string taken_why;
  std::optional<Divergence> divergence;
};

// One step that was decided again as it is recorded; valid during the call.
struct ReplayedStep {
  const workflows::HealState& before;
  const workflows::HealInput& input;
  Timestamp now;
  const engine::Decision<workflows::Heal>& decision;
  std::size_t first = 0;  // index of its first entry
};

// Takes time and memory in proportion to the longest step. One thread for each heal.
[[nodiscard]] Replayed replay_heal(RecordedHeal& heal, const PastWorld& world,
                                   const Decide& decide = workflows::Heal::decide,
                                   const std::function<void(const ReplayedStep&)>& on_step = {});

// "the wait was over: recorded is heal.exhausted, today's code decides heal.repair_started".
[[nodiscard]] std::string line_of(const Divergence& divergence);
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "same", "diverged", "set_aside"

}  // namespace autoheal::replay
