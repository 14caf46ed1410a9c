// Fills placeholders such as "{file}" in the arguments of programs. A value is put in as it is and not searched again:
// a path or an output that holds "{file}" itself stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/check.hpp"

namespace autoheal {

// Puts `value` in every place of `text` where `placeholder`, which is not empty, stands; from left to right.
inline void fill_in(std::string& text, std::string_view placeholder, std::string_view value) {
  AUTOHEAL_CHECK(!placeholder.empty());
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
}

inline void fill_in(std::vector<std::string>& arguments, std::string_view placeholder, std::string_view value) {
  for (std::string& argument : arguments) fill_in(argument, placeholder, value);
}

}  // namespace autoheal
