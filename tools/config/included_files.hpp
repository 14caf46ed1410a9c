// The files that a line of `include` names: a path, or a pattern over one folder.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace autoheal::config {

// In order of name, at most `most` and one more; as with a shell, `*` does not match a leading dot. `pattern` is
// absolute. The sentence of a problem: a pattern elsewhere than in the last part would have to look through the whole
// disk; a file without a pattern is not there.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> included_files(const std::string& pattern,
                                                                                  std::size_t most);

}  // namespace autoheal::config
