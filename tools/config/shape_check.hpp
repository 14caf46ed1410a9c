// Holds a YAML tree against the table of fields: after it found nothing, every value has the type that the table says.
#pragma once

#include <string>
#include <vector>

#include "tools/config/fields.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::config {

// Adds every problem of `node` and what lies below it; `path` names it in messages.
void check_shape(const Node& node, const Shape& shape, const std::string& file, const std::string& path,
                 std::vector<Problem>& problems);

}  // namespace autoheal::config
