// How a value can be written in a .env file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

// What may stand behind `NAME=`, the best first; `style` is the quote that stood there, or 0. Empty: it cannot be
// written.
[[nodiscard]] std::vector<std::string> env_value_forms(std::string_view value, std::string_view dialect, char style);

}  // namespace autoheal::workflows
