// A small file that appears whole or not at all, and never in place of another.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// Writes `text` to the absolute `path`, mode 0644, synced. invalid: something has that name; else what the system said.
[[nodiscard]] Result<void> write_new_file(const std::string& path, const std::string& text);

// Writes all of `text` to an open file, mode 0644, synced; false where it could not, and errno says why.
[[nodiscard]] bool write_durably(int file, std::string_view text);

}  // namespace autoheal::cli
