#include "autoheal/store/format/json_text.hpp"

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

// The two hex digits of \u00xx, as UTF-8.
void append_code(std::string& text, std::string_view digits) {
  const unsigned code = parse_number<unsigned>(digits, 16).value_or(0);
  if (code >= 0x80) text += static_cast<char>(0xC0U | code >> 6U);
  text += static_cast<char>(code >= 0x80 ? 0x80U | (code & 0x3FU) : code);
}

}  // namespace

std::string json_text(std::string_view written) {
  if (written.size() < 2 || written.front() != '"' || written.back() != '"') return {};
  written = written.substr(1, written.size() - 2);
  std::string text;
  text.reserve(written.size());
  constexpr std::size_t code_size = 6;  // \u00xx
  while (!written.empty()) {
    std::size_t taken = 1;
    if (written.front() != '\\') {
      text += written.front();
    } else if (written.starts_with("\\u00") && written.size() >= code_size) {
      append_code(text, written.substr(4, 2));
      taken = code_size;
    } else if (written.size() > 1 && (written[1] == '"' || written[1] == '\\')) {
      text += written[1];
      taken = 2;
    } else {
      return {};
    }
    written.remove_prefix(taken);
  }
  return text;
}

}  // namespace autoheal::store
