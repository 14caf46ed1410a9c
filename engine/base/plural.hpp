// A count with its noun, as sentences have it: "1 entry", "3 entries", "0 heals".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace autoheal {

[[nodiscard]] inline std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(" ").append(count == 1 ? one : many);
}

// The noun only takes an s.
[[nodiscard]] inline std::string plural(std::uint64_t count, std::string_view noun) {
  return plural(count, noun, std::string(noun) + "s");
}

}  // namespace autoheal
