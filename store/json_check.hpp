// Whether entry data is what our own writer makes: JSON without floats, with the few escapes that leaves may hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace autoheal::store {

// What is wrong with `text` and at which byte, or nothing. Pure; nesting deeper than 256 is wrong.
[[nodiscard]] std::optional<std::string> json_problem(std::string_view text);

}  // namespace autoheal::store
