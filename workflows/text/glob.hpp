// Path patterns of the configuration: `*` and `?` stop at `/`, `**` does not, `[a-z]` is a set. As a name of its own
// `**` stands for whole names: `a/**/b` is `a/b`, `a/x/b` and `a/x/y/b`, never `a/xb`; `**/b` also `b`; `a/**` all
// below `a`;
// `**` everything. Within a name (`a**b`) it stands for any characters, slashes too. Linear-ish in time: no pattern can
// make a match explode.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::workflows {

[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);
// True if `pattern` holds a character that is special in patterns.
[[nodiscard]] bool is_glob(std::string_view pattern);

// The folder below which everything lies that the pattern could match: its parts before the first special one ("." for
// none); the pattern itself where nothing in it is special.
[[nodiscard]] std::string fixed_part(std::string_view pattern);

}  // namespace autoheal::workflows
