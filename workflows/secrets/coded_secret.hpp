// One secret in the shapes that programs print it in: as it is, base64 (RFC 4648, both alphabets, at any alignment,
// wrapped), hex, percent-coded (RFC 3986), with backslashes as in JSON. Found in a text, never made readable.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autoheal::workflows {

// A part of a text: first byte, one past its last.
using TextRange = std::pair<std::size_t, std::size_t>;

// A text as one coding would be read, each byte with the place in the original that it came from.
struct TextView {
  std::string text;
  std::vector<std::size_t> at;  // one more than text has bytes: the last is the original's end
};

// The views of one text, each made when it is first asked for. The text outlives them.
class TextViews {
 public:
  explicit TextViews(std::string_view text) : text_(text) {}
  [[nodiscard]] std::string_view text() const { return text_; }
  // Without %XX and backslashes; empty if it has none.
  [[nodiscard]] const TextView& plain();
  // In the letters of base64 with + and /, without line ends.
  [[nodiscard]] const TextView& base64();
  // In lower case, without line ends.
  [[nodiscard]] const TextView& hex();

 private:
  std::string_view text_;
  std::optional<TextView> plain_, base64_, hex_;
};

class CodedSecret {
 public:
  // `secret` has at least 4 bytes.
  explicit CodedSecret(std::string_view secret);
  // Adds its places in the text, in any coding. In base64 all letters that touch it are meant.
  void find(TextViews& views, std::vector<TextRange>& found) const;

 private:
  std::string secret_;
  std::array<std::string, 3> base64_;  // by alignment: the letters that the secret alone decides
  std::string hex_, with_plus_;
};

}  // namespace autoheal::workflows
