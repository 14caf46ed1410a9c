// .env files, read and edited byte for byte: only the bytes of the named value change; comments, order, quoting and
// line ends stay. A line is [export ]NAME=VALUE; the last assignment of a name wins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace autoheal::workflows {

// Names and values as a program that loads the file would see them: quotes taken off, escapes in double quotes read.
[[nodiscard]] std::map<std::string, std::string> read_env(std::string_view text);

// `text` with `name` set to `value`; appended where it is not assigned. Unchanged if it already has the value.
// invalid: a name that is none, or a value with a zero byte.
[[nodiscard]] Result<std::string> set_env(std::string_view text, std::string_view name, std::string_view value);

// `text` without any assignment of `name`.
[[nodiscard]] std::string unset_env(std::string_view text, std::string_view name);

// Letters, digits and underscore, not beginning with a digit.
[[nodiscard]] bool is_env_name(std::string_view name);

}  // namespace autoheal::workflows
