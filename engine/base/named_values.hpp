// Enumerations as the words of the ledger: one table each, read in both directions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace autoheal {

template <class Value>
using NamedValue = std::pair<Value, std::string_view>;

template <class Value>
[[nodiscard]] constexpr std::string_view word_of(std::span<const NamedValue<Value>> table, Value value) {
  for (const auto& [known, word] : table) {
    if (known == value) return word;
  }
  return "unknown";
}

template <class Value>
[[nodiscard]] constexpr std::optional<Value> known_value(std::span<const NamedValue<Value>> table,
                                                         std::string_view word) {
  for (const auto& [value, known] : table) {
    if (known == word) return value;
  }
  return std::nullopt;
}

// The words alone, in the order of the table.
template <class Value, std::size_t Number>
[[nodiscard]] constexpr std::array<std::string_view, Number> words_in(
    const std::array<NamedValue<Value>, Number>& table) {
  std::array<std::string_view, Number> words;
  for (std::size_t at = 0; at < Number; ++at) words[at] = table[at].second;
  return words;
}

// Throws std::invalid_argument for a word that is not in the table; for codecs, which turn it into an Error.
template <class Value>
[[nodiscard]] Value value_of(std::span<const NamedValue<Value>> table, std::string_view word) {
  if (const auto value = known_value(table, word)) return *value;
  throw std::invalid_argument("\"" + std::string(word) + "\" is not a word of this ledger format");
}

}  // namespace autoheal
