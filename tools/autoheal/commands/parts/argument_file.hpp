// A file that a person names on the command line: a regular one, read within a limit. A pipe or a device, which might
// never end or never begin, is refused by name.
#pragma once

#include <cstddef>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// not_found: it is not there, a folder, or may not be read. invalid: a pipe, a device, or larger than `most_bytes`.
[[nodiscard]] Result<std::string> read_argument_file(const std::string& path, std::size_t most_bytes);

}  // namespace autoheal::cli
