// One value of a YAML file, set. What YAML is, and where its nodes stand, `yaml_places` knows.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/edit/wanted_scalar.hpp"

namespace autoheal::workflows {

// All that is to be set in the file, by the tokens of its pointers.
using DeclaredSettings = std::map<std::vector<std::string>, WantedScalar>;

// Sets what `declared` has at `tokens`. The rest of it tells which other places may change with that one.
[[nodiscard]] Result<std::string> set_yaml_setting(std::string_view text, const std::vector<std::string>& tokens,
                                                   const DeclaredSettings& declared);

}  // namespace autoheal::workflows
