// The search for the end of a run of plain bytes, eight at a time: all text of an entry passes here, when it is written
// and again whenever it is verified.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace autoheal {

// A byte that needs no escape between quotes: ASCII from blank up, except the quote and the backslash.
constexpr bool is_plain_byte(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Where the plain bytes from `at` on end; `at` is not beyond the text.
inline std::size_t end_of_plain_run(std::string_view text, std::size_t at) {
  constexpr std::uint64_t each = 0x0101010101010101, top_bits = 0x80 * each;
  // A difference borrows from the byte above only where its own byte is not plain, so the lowest mark is right.
  if constexpr (std::endian::native == std::endian::little) {
    while (text.size() - at >= sizeof(std::uint64_t)) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text.data() + at, sizeof bytes);
      const std::uint64_t quotes = bytes ^ ('"' * each), backslashes = bytes ^ ('\\' * each);
      const std::uint64_t marks = (bytes | (bytes - 0x20 * each) | (quotes - each) | (backslashes - each)) & top_bits;
      if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
      at += sizeof bytes;
    }
  }
  while (at < text.size() && is_plain_byte(text[at])) ++at;
  return at;
}

}  // namespace autoheal
