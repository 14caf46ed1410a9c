#include "autoheal/engine/base/quoted_text.hpp"

#include <cstdint>

#include "autoheal/engine/base/plain_run.hpp"

namespace autoheal {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0) == 0x80;
}

// The length of the well-formed UTF-8 sequence at `at` (Unicode table 3-7), or 0.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<std::uint8_t>(text[at]);
  if (first < 0x80) return 1;
  const std::uint8_t second = at + 1 < text.size() ? static_cast<std::uint8_t>(text[at + 1]) : 0;
  if (first >= 0xC2 && first <= 0xDF) return continues(text, at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return !overlong && !surrogate && continues(text, at + 1) && continues(text, at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool beyond = first == 0xF4 && second > 0x8F;
    return !overlong && !beyond && continues(text, at + 1) && continues(text, at + 2) && continues(text, at + 3) ? 4
                                                                                                                 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, char control) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\u00";
  out += digits[static_cast<std::uint8_t>(control) >> 4];
  out += digits[static_cast<std::uint8_t>(control) & 15];
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = end_of_plain_run(text, at); end > at) {
      out.append(text, at, end - at);
      at = end;
      continue;
    }
    const char c = text[at];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++at;
    } else if (static_cast<std::uint8_t>(c) < 0x20) {
      append_escaped(out, c);
      ++at;
    } else if (const std::size_t length = sequence_at(text, at); length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += replacement;
      ++at;
    }
  }
  out += '"';
}

bool is_valid_utf8(std::string_view text) {
  std::size_t at = 0;
  while ((at = end_of_plain_run(text, at)) < text.size()) {
    const std::size_t length = sequence_at(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::size_t utf8_sequence_at(std::string_view text, std::size_t at) { return sequence_at(text, at); }

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at);
    valid.append(length > 0 ? text.substr(at, length) : replacement);
    at += length > 0 ? length : 1;
  }
  return valid;
}

}  // namespace autoheal
