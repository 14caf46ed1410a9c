// Enumerations as the words of the ledger: one table each, read in both directions.
#pragma once

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

// Throws std::invalid_argument for a word that is not in the table; for codecs, which turn it into an Error.
template <class Value>
[[nodiscard]] Value value_of(std::span<const NamedValue<Value>> table, std::string_view word) {
  for (const auto& [value, known] : table) {
    if (known == word) return value;
  }
  throw std::invalid_argument("\"" + std::string(word) + "\" is not a word of this ledger format");
}

}  // namespace autoheal
