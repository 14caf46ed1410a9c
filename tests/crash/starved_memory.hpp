// Memory that runs out at a chosen allocation of this program, of C++ and of SQLite alike.
#pragma once

#include <cstdint>

namespace autoheal::testing {

// Before anything uses SQLite. The `failing`-th allocation from now on is refused, and only that; 0: none is.
void starve_at(std::uint64_t failing);
// How many there have been since.
[[nodiscard]] std::uint64_t allocations();

}  // namespace autoheal::testing
