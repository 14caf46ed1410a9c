#include "autoheal/engine/base/ids.hpp"

namespace autoheal {

namespace {
constexpr char digits[] = "0123456789abcdef";
constexpr bool dash_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}
}  // namespace

void append_uuid(std::string& text, const Uuid& id) {
  std::array<char, 36> written;
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < id.bytes.size(); ++byte) {
    if (dash_before(byte)) written[at++] = '-';
    written[at++] = digits[id.bytes[byte] >> 4];
    written[at++] = digits[id.bytes[byte] & 15];
  }
  text.append(written.data(), written.size());
}

std::string to_string(const Uuid& id) {
  std::string text;
  append_uuid(text, id);
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < id.bytes.size(); ++byte) {
    if (dash_before(byte) && text[at++] != '-') return std::nullopt;
    const int high = value_of(text[at++]);
    const int low = value_of(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[byte] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

}  // namespace autoheal
