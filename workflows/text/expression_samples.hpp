// Texts that a regular expression describes, made from the expression itself, so that whoever wrote it can be told what
// it would match before it is relied on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

// A few short ones: each branch, each repetition at its least and once. `pattern` is a valid RE2 expression. Whoever
// asks has to try them: what stands around a place (^, $, \b) is not looked at.
[[nodiscard]] std::vector<std::string> samples_of(std::string_view pattern);

}  // namespace autoheal::workflows
