// .env files, edited by statements: a value may go over several lines, stand in quotes or before a comment. Only the
// bytes of the statement that is named change; comments, order, quoting, line ends and all other bytes stay.
//
// The editor offers ways to write a value; which of them every reader of the file reads as it was meant is judged by
// code that shares nothing with it (env_judge.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::workflows {

// `text` with `name` set to `value`, once for each way in which that could be written, the best first: as it is where
// it already is so, in the quotes that stand there, without quotes where it needs none. Appended where it is not
// assigned. invalid: a name that is none, a value with a zero byte, or a statement that does not end. `dialect` as in
// EnvDeclaration; without one only what several kinds of readers know is written.
[[nodiscard]] Result<std::vector<std::string>> ways_to_set_env(std::string_view text, std::string_view name,
                                                               std::string_view value, std::string_view dialect);

// `text` without any assignment of `name`.
[[nodiscard]] Result<std::string> unset_env(std::string_view text, std::string_view name, std::string_view dialect);

// Letters, digits and underscore, not beginning with a digit.
[[nodiscard]] bool is_env_name(std::string_view name);

}  // namespace autoheal::workflows
