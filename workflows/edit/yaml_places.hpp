// A strict reader of YAML that finds begin and end of each node, so that one of them can be changed without touching
// another byte. It knows what people write in settings files; what it does not (keys written with "?", pairs in a list)
// it names by place and reason, and so it does with what no reader of YAML takes.
#pragma once

#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/edit/yaml_node.hpp"

namespace autoheal::workflows {

[[nodiscard]] Result<YamlStream> read_yaml_places(std::string_view text);

}  // namespace autoheal::workflows
