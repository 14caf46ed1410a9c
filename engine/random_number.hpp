// One number out of the port for randomness, for pauses that chance spreads.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "autoheal/engine/ports.hpp"

namespace autoheal::engine {

[[nodiscard]] inline std::uint64_t random_number(Randomness& randomness) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  randomness.fill(bytes);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

}  // namespace autoheal::engine
