// The one parser of whole numbers. Text from outside is a number only if all of it is one: no blanks, no plus sign, no
// minus sign where the type has none, nothing after it, and no more than the type holds. Leading zeros change nothing;
// a format that has one way to write a number checks for them itself. Neither allocates nor asks the locale.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace autoheal {

// Takes the number that `text` begins with off its beginning. Empty, and `text` is as it was: it begins with none, or
// with one that the type cannot hold.
template <std::integral Number>
[[nodiscard]] std::optional<Number> take_number(std::string_view& text, int base = 10) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (problem != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The number that `text` begins with, whatever comes after it.
template <std::integral Number>
[[nodiscard]] std::optional<Number> leading_number(std::string_view text, int base = 10) {
  return take_number<Number>(text, base);
}

// The number that `text` is.
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, int base = 10) {
  const auto number = take_number<Number>(text, base);
  return text.empty() ? number : std::nullopt;
}

}  // namespace autoheal
