// A fault of a configuration and its place: one sentence a person can act on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::config {

struct Problem {
  std::string file;
  int line = 0, column = 0;  // from 1; 0: the whole file
  std::string path;          // "engines[0].repair.files[0].mode", or empty
  std::string message;       // problem, what was expected, what was meant
};

// "file:line:column: path: message".
[[nodiscard]] std::string to_text(const Problem& problem);

// A line for each.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems);

// "did you mean X?" for the nearest of `known` if one is near; else empty.
[[nodiscard]] std::string did_you_mean(std::string_view written, const std::vector<std::string>& known);

}  // namespace autoheal::config
