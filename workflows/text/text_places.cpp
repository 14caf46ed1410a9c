#include "autoheal/workflows/text/text_places.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/workflows/text/settings_format.hpp"

namespace autoheal::workflows {

std::string place_in(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, std::min(at, text.size()));
  std::size_t line = 1, begin = byte_order_mark(before);
  for (std::size_t byte = 0; byte < before.size(); ++byte) {
    const bool ends_line = before[byte] == '\n' || (before[byte] == '\r' && !text.substr(byte + 1).starts_with('\n'));
    if (!ends_line) continue;
    ++line;
    begin = byte + 1;
  }
  const auto column = std::ranges::count_if(before.substr(begin),
                                            [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
  return fmt::format("line {}, column {}", line, column + 1);
}

std::size_t byte_order_mark(std::string_view text) { return text.starts_with("\xef\xbb\xbf") ? 3 : 0; }

Result<void> check_is_text(std::string_view text) {
  if (text.size() > largest_settings_bytes) {
    return failure(ErrorKind::invalid, fmt::format("the file is larger than {} MiB, so it is not taken for settings",
                                                   largest_settings_bytes >> 20U));
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return failure(ErrorKind::invalid, "the file is UTF-16", "write it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = utf8_sequence_at(text, at);
    if (bytes == 0)
      return failure(ErrorKind::invalid, "a byte at " + place_in(text, at) + " is not UTF-8",
                     "write the file as UTF-8, or restore it with `files`");
    if (text[at] == '\0')
      return failure(ErrorKind::invalid, "a zero byte stands at " + place_in(text, at),
                     "that is how a file looks whose writing was cut off; restore the whole file with `files`");
    at += bytes;
  }
  return {};
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned bits) { out += static_cast<char>(bits); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
  }
  byte(0x80U | (code & 0x3FU));
}

}  // namespace autoheal::workflows
