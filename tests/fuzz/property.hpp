// Tools of every fuzz target: a broken property whose input libFuzzer keeps, and several texts in one input. A target
// holds what is parsed against what must be true of it; that nothing crashes is the sanitizers' part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace autoheal::fuzz {

// Ends the process where it does not hold, as a crash does: libFuzzer then keeps the input.
inline void require(bool holds, std::string_view property, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %.*s\n%.*s\n", static_cast<int>(property.size()), property.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Up to the next line of two dashes, which is taken off `rest`, too; all of it where there is none. Inputs of several
// texts are so still read and edited by people.
inline std::string_view take_part(std::string_view& rest) {
  constexpr std::string_view line = "\n--\n";
  const std::size_t end = rest.find(line);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + line.size());
  return part;
}

}  // namespace autoheal::fuzz
