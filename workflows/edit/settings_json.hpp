// Sets one value of a JSON file, at the place that json_places finds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/edit/wanted_scalar.hpp"

namespace autoheal::workflows {

[[nodiscard]] Result<std::string> set_json_setting(std::string_view text, const std::vector<std::string>& tokens,
                                                   const WantedScalar& wanted);

}  // namespace autoheal::workflows
