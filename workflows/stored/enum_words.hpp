// The words of an enumeration in ledger and configuration: one table each, in the order of the help, for codec, YAML
// reader, help and schema.
#pragma once

#include <array>
#include <string_view>

#include "autoheal/engine/base/named_values.hpp"

namespace autoheal::workflows {

template <class Enum>
inline constexpr std::array<NamedValue<Enum>, 0> words_for = {};

template <class Enum>
inline constexpr auto choices_of = words_in(words_for<Enum>);

// How a codec writes and reads the word; specialised where an unknown word is no error, or has an error of its own.
template <class Enum>
struct StoredWord {
  static std::string_view of(Enum value) { return word_of<Enum>(words_for<Enum>, value); }
  static Enum read(std::string_view word) { return value_of<Enum>(words_for<Enum>, word); }
};

}  // namespace autoheal::workflows
