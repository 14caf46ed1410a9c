// Decodes a JSON string of our own writer.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::store {

// `written` with its quotes, as json_problem let it pass; anything else gives an empty text. Pure.
[[nodiscard]] std::string json_text(std::string_view written);

}  // namespace autoheal::store
