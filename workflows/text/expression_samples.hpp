// Sample texts for a regular expression, made from the expression itself, to show its author what it would match.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

// A few short ones: each branch, each repetition at its least and once. `pattern` is a valid RE2 expression. The caller
// has to try them, because conditions around a place (^, $, \b) are ignored.
[[nodiscard]] std::vector<std::string> samples_of(std::string_view pattern);

}  // namespace autoheal::workflows
