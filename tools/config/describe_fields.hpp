// The table of fields for editors and for people: a JSON Schema (draft-07) and a reference text.
#pragma once

#include <string>

namespace autoheal::config {

[[nodiscard]] std::string json_schema();
[[nodiscard]] std::string field_reference();

}  // namespace autoheal::config
