// Opens a file to read it; a FIFO or a terminal in its place does not hold anybody up.
#pragma once

#include <fcntl.h>

#include <string>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::config {

// Holds no descriptor if it cannot be opened: errno says why.
[[nodiscard]] inline UniqueFd open_to_read(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

}  // namespace autoheal::config
