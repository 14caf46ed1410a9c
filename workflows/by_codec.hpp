// Who did it, as JSON: the `by` of every entry that a principal caused.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "workflows/heal_entry.hpp"
#include "workflows/json_writer.hpp"

namespace autoheal::workflows {

// Nothing for a By without a principal.
void write_by(JsonWriter& json, const By& by);
// Throws nlohmann::json::exception on anything that write_by did not make; for codecs.
void read_by(const nlohmann::json& json, By& by);

}  // namespace autoheal::workflows
