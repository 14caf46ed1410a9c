// The one way text is quoted in entries and in export lines: escapes only \" \\ and \u00xx, invalid UTF-8 becomes
// U+FFFD. Pinned, because leaves are hashed byte for byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace autoheal {

// Appends `text` between quotes to `out`.
void append_quoted(std::string& out, std::string_view text);
// `text` with every invalid UTF-8 sequence replaced by U+FFFD; valid text is returned unchanged.
[[nodiscard]] std::string valid_utf8(std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);
// How many bytes the well-formed sequence that begins at `at` has; 0 where none does. `at` is within the text.
[[nodiscard]] std::size_t utf8_sequence_at(std::string_view text, std::size_t at);

}  // namespace autoheal
