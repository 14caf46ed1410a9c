// Phrases that several parts of verification use. Only the store includes this header.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>

namespace autoheal::store {

[[nodiscard]] inline std::string missing_entries(std::uint64_t first, std::uint64_t last) {
  if (first == last) return fmt::format("entry {} is missing", first);
  return fmt::format("entries {} to {} are missing", first, last);
}

}  // namespace autoheal::store
