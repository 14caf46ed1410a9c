// The number of descriptors that this process may have open. Services usually begin with 1,024, for the sake of
// programs that use select(2); a daemon that many clients follow needs more. A program that it starts gets the former
// limit back.
#pragma once

#include <cstdint>
#include <optional>

namespace autoheal::host {

// Raises the soft limit to `wanted` descriptors, or as far as the hard limit lets it; never lowers it. How many it is
// now. Before anything is started.
std::uint64_t raise_open_file_limit(std::uint64_t wanted);

// The soft limit that was raised; none: it was not. Thread-safe.
[[nodiscard]] std::optional<std::uint64_t> open_file_limit_before();

}  // namespace autoheal::host
