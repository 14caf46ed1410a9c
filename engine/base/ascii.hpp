// Tests for ASCII letters and digits in any locale. The <cctype> functions ask the locale, and are undefined for bytes
// above 127.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace autoheal::ascii {

[[nodiscard]] constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
[[nodiscard]] constexpr bool is_upper(char byte) { return byte >= 'A' && byte <= 'Z'; }
[[nodiscard]] constexpr bool is_lower(char byte) { return byte >= 'a' && byte <= 'z'; }
[[nodiscard]] constexpr bool is_letter(char byte) { return is_upper(byte) || is_lower(byte); }
[[nodiscard]] constexpr bool is_letter_or_digit(char byte) { return is_letter(byte) || is_digit(byte); }

// Other bytes stay as they are.
[[nodiscard]] constexpr char to_lower(char byte) { return is_upper(byte) ? static_cast<char>(byte - 'A' + 'a') : byte; }
[[nodiscard]] constexpr char to_upper(char byte) { return is_lower(byte) ? static_cast<char>(byte - 'a' + 'A') : byte; }

[[nodiscard]] inline std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](char byte) { return to_lower(byte); });
  return text;
}

[[nodiscard]] constexpr bool are_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char byte) { return is_digit(byte); });
}

// "Content-Length" and "content-length" are.
[[nodiscard]] constexpr bool same_without_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return to_lower(a) == to_lower(b); });
}

}  // namespace autoheal::ascii
