// The table of all keys of a configuration: those of engines as workflows/spec describes them, and those of the whole
// file. The strict check, the help and the JSON Schema read it; a key that it lacks is refused.
#pragma once

#include "autoheal/workflows/spec/field.hpp"

namespace autoheal::config {

using workflows::Field;
using workflows::FieldType;
using workflows::Shape;

// The shape of a whole file.
[[nodiscard]] const Shape& file_shape();

}  // namespace autoheal::config
