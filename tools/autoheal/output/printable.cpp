#include "tools/autoheal/output/printable.hpp"

#include <cstdio>

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::cli {

namespace {

// The character that begins at `at` of valid UTF-8, and how many bytes it takes.
std::pair<char32_t, std::size_t> character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(text[at + offset]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xE0) return {(byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU), 2};
  if (byte(0) < 0xF0) return {(byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU), 3};
  return {U'\U0001F600', 4};  // nothing beyond the basic plane is a control
}

bool steers_the_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text, bool lines) {
  const std::string valid = valid_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const auto [character, bytes] = character_at(valid, at);
    if (steers_the_terminal(character) && !(lines && character == '\n')) {
      char escaped[16];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(character));
      out += escaped;
    } else {
      out.append(valid, at, bytes);
    }
    at += bytes;
  }
  return out;
}

}  // namespace autoheal::cli
