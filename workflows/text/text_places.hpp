// Places in a text by line and column, as editors count them, and bytes that no text file has.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::workflows {

// "line 3, column 5", both from 1, columns in characters.
[[nodiscard]] std::string place_in(std::string_view text, std::size_t at);

// How many bytes the byte-order mark at the beginning has: 0 or 3.
[[nodiscard]] std::size_t byte_order_mark(std::string_view text);

// Invalid, by name and place, where `text` is too large, is not UTF-8 or has zero bytes.
[[nodiscard]] Result<void> check_is_text(std::string_view text);

// Appends the character of a code point.
void append_utf8(std::string& out, unsigned code);

}  // namespace autoheal::workflows
