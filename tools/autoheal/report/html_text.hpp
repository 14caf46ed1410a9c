// Text of others in a page: names, messages and paths may hold anything. This is the only way it gets into one.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::cli {

// Valid UTF-8 for elements and for attributes between double quotes: markup is escaped, control characters and marks
// of direction are shown instead of obeyed (line feeds stay).
[[nodiscard]] std::string html(std::string_view text);

}  // namespace autoheal::cli
