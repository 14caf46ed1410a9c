// The forms in which a value can be written in a .env file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

// The texts that may follow `NAME=`, the best first; `style` is the quote that was there before, or 0. Empty: the value
// cannot be written.
[[nodiscard]] std::vector<std::string> env_value_forms(std::string_view value, std::string_view dialect, char style);

}  // namespace autoheal::workflows
