// Text of others on a terminal: names, messages and paths may hold escapes that would move the cursor, change colours
// or turn the reading direction. They are shown instead of obeyed.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::cli {

// `text` as valid UTF-8 with control characters (but line feeds where `lines` is true) and marks of direction written
// as \u00xx or \uxxxx.
[[nodiscard]] std::string printable(std::string_view text, bool lines = false);

}  // namespace autoheal::cli
