// The one way text is quoted in entries and in export lines: escapes only \" \\ and \u00xx, invalid UTF-8 becomes
// U+FFFD. Pinned, because leaves are hashed byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace autoheal {

// Appends `text` between quotes to `out`.
void append_quoted(std::string& out, std::string_view text);
// `text` with every invalid UTF-8 sequence replaced by U+FFFD; valid text is returned unchanged.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace autoheal
