// Names of engines for a sentence that has to stay readable when there are thousands.
#pragma once

#include <fmt/core.h>

#include <set>
#include <string>

namespace autoheal::host {

// "A, B" and, beyond ten, "and 90 more".
[[nodiscard]] inline std::string joined_names(const std::set<std::string>& names) {
  constexpr std::size_t most = 10;
  std::string text;
  std::size_t told = 0;
  for (const std::string& name : names) {
    if (told == most) return fmt::format("{} and {} more", text, names.size() - told);
    text += (told++ == 0 ? "" : ", ") + name;
  }
  return text;
}

}  // namespace autoheal::host
