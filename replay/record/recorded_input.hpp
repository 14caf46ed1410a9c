// Rebuilds the input that led to an entry. Entries of one input were appended together, and the first of them tells
// which input it was. Nothing is guessed: if an older entry lacks a part, every possibility is returned.
#pragma once

#include <string>
#include <vector>

#include "autoheal/replay/record/past_world.hpp"
#include "autoheal/replay/record/recorded_heal.hpp"

namespace autoheal::replay {

struct RecordedInput {
  std::vector<workflows::HealInput> possible;  // that may have led to the entry; empty: this version knows none
  std::string untold;                          // why the record cannot tell the input (a sentence), or empty
};

// `state` is the one before entry `index`. not_found, corrupt, unavailable: the entry or what it names cannot be read.
[[nodiscard]] Result<RecordedInput> input_before(const workflows::HealState& state, RecordedHeal& heal,
                                                 std::size_t index, const PastWorld& world);

// An input in words: "the world was looked at: 4 targets".
[[nodiscard]] std::string line_of(const workflows::HealInput& input);

}  // namespace autoheal::replay
