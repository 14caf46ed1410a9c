// Sets one value of a YAML file, at the place that yaml_places finds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/edit/declared_settings.hpp"

namespace autoheal::workflows {

// Sets what `declared` has at `tokens`. The rest of it tells which other places may change with that one.
[[nodiscard]] Result<std::string> set_yaml_setting(std::string_view text, const std::vector<std::string>& tokens,
                                                   const DeclaredSettings& declared);

}  // namespace autoheal::workflows
