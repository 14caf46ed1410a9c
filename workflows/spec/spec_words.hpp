// The words of an enumeration in a configuration, in the order of the help: one table each for the YAML reader, help,
// schema and stored form.
#pragma once

#include <array>

#include "autoheal/engine/base/named_values.hpp"

namespace autoheal::workflows {

template <class Enum>
inline constexpr std::array<NamedValue<Enum>, 0> words_for = {};

template <class Enum>
inline constexpr auto choices_of = words_in(words_for<Enum>);

}  // namespace autoheal::workflows
