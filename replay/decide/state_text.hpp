// Describes the state of a heal, and the difference between two accounts of a step, for people.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/decide/heal_replay.hpp"

namespace autoheal::replay {

// "Repairing, attempt 2 of 3: the world is looked at".
[[nodiscard]] std::string line_of(const workflows::HealState& state);
// Details at that moment: the plan and its progress, the current wait, why the last attempt failed.
[[nodiscard]] std::vector<std::string> details_of(const workflows::HealState& state);
void write(JsonWriter& out, const workflows::HealState& state);

// "12.345 s"; "-0.500 s" where a clock was set back.
[[nodiscard]] std::string seconds_text(Duration time);

// Where two JSON texts first differ, as "/plan/changes/0/after/mode: 416 instead of 384"; empty if they do not.
[[nodiscard]] std::string first_difference(const std::string& recorded, const std::string& other);

}  // namespace autoheal::replay
