// Phrases that several parts of verification use. Only the store includes this header.
#pragma once

#include <cstdint>
#include <string>

namespace autoheal::store {

[[nodiscard]] inline std::string missing_entries(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "entry " + std::to_string(first) + " is missing";
  return "entries " + std::to_string(first) + " to " + std::to_string(last) + " are missing";
}

}  // namespace autoheal::store
