// The one table of what a configuration may say. The strict check, the help and the JSON Schema all read it; a field
// that is not here does not exist.
#pragma once

#include "autoheal/workflows/spec/field.hpp"

namespace autoheal::config {

using workflows::Field;
using workflows::FieldType;
using workflows::Shape;

// The shape of a whole file.
[[nodiscard]] const Shape& file_shape();

}  // namespace autoheal::config
