// .env files and `env_file:` of Docker Compose (compose-go 2). Behind a value in quotes the next statement may begin on
// the same line; a name may be followed by a colon; one error and nothing of the file is read.
#include <re2/re2.h>

#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows::env_readers {

namespace {

class Compose {
 public:
  explicit Compose(std::string_view text) : text_(text) {
    if (text.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
  }

  EnvReading read() {
    while (!reading_.problem && find_statement()) statement();
    return std::move(reading_);
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  void fails(std::size_t at, std::string what, bool of_another_language) {
    reading_.problem = {at, std::move(what), of_another_language};
  }

  // White space that ends no line.
  [[nodiscard]] std::size_t blank_at(std::size_t at) const {
    if (at < text_.size() && text_[at] == '\n') return 0;
    const std::size_t length = space_at(text_, at);
    return length == 3 ? 0 : length;
  }
  void skip_blanks() {
    while (const std::size_t length = blank_at(at_)) at_ += length;
  }

  bool find_statement() {
    while (more()) {
      if (const std::size_t length = space_at(text_, at_)) {
        at_ += length;
      } else if (text_[at_] == '#') {
        note_comment();
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return true;
      }
    }
    return false;
  }

  // A comment on the line of the statement before it.
  void note_comment() {
    if (reading_.statements.empty()) return;
    EnvStatement& last = reading_.statements.back();
    if (text_.substr(last.end, at_ - last.end).find('\n') == std::string_view::npos) last.comment_behind = true;
  }

  void statement() {
    EnvStatement one{at_, at_, EnvForm::assignment, {}, {}, false};
    constexpr std::string_view exported = "export";
    if (text_.substr(at_).starts_with(exported) && space_at(text_, at_ + exported.size()) > 0) {
      one.form = EnvForm::exported;
      at_ += exported.size();
      skip_blanks();
    }
    const std::size_t begin = at_;
    while (more() && std::string_view("=:\n").find(text_[at_]) == std::string_view::npos) {
      std::size_t length = blank_at(at_);
      if (length == 0) length = name_character_at(at_);
      if (length == 0)
        return fails(at_, "Docker Compose does not accept this character in a name, and reads nothing of the file",
                     true);
      at_ += length;
    }
    const std::string_view name = trimmed_end(text_.substr(begin, at_ - begin));
    if (name.find(' ') != std::string_view::npos)
      return fails(begin, "Docker Compose takes this for a name with a blank in it, and reads nothing of the file",
                   true);
    one.name = name;
    if (!more() || text_[at_] == '\n') {
      one.form = EnvForm::bare_name;
      one.end = at_;
    } else {
      const bool colon = text_[at_] == ':';
      const bool before = at_ != begin + name.size(), behind = blank_at(at_ + 1) > 0;
      const bool bare = colon && !behind && at_ + 1 < text_.size() && text_[at_ + 1] != '\n';  // as in an address
      ++at_;
      skip_blanks();
      if (!value(one)) return;
      const bool spaced = before || (behind && one.value != "");
      if (!bare && (colon || (spaced && one.form == EnvForm::assignment)))
        one.form = colon ? EnvForm::colon : EnvForm::spaced;
      one.end = at_;
    }
    reading_.statements.push_back(std::move(one));
  }

  // How many bytes the letter, digit or mark of a name has that begins at `at`; 0 where none does. Letters of other
  // scripts are Go's unicode.IsLetter and IsNumber, which are these classes.
  [[nodiscard]] std::size_t name_character_at(std::size_t at) const {
    const char c = text_[at];
    if (static_cast<unsigned char>(c) < 0x80)
      return ascii::is_letter(c) || ascii::is_digit(c) || std::string_view("_.-[]").find(c) != std::string_view::npos
                 ? 1
                 : 0;
    static const RE2 letter_or_number("[\\pL\\pN]");
    std::size_t length = 1;
    while (at + length < text_.size() && (static_cast<unsigned char>(text_[at + length]) & 0xC0U) == 0x80U) ++length;
    return RE2::FullMatch(re2::StringPiece(text_.data() + at, length), letter_or_number) ? length : 0;
  }

  bool value(EnvStatement& one) {
    if (more() && (text_[at_] == '"' || text_[at_] == '\'')) return quoted(one);
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view value = text_.substr(at_, end - at_);
    at_ = end;
    if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos) {
      one.comment_behind = true;
      value = value.substr(0, comment);
    }
    one.value = expanded(std::string(trimmed_end(value)));
    return true;
  }

  bool quoted(EnvStatement& one) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string value;
    for (; more() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\' || at_ + 1 == text_.size()) {
        value += text_[at_];
        continue;
      }
      ++at_;
      if (text_[at_] != quote) value += '\\';
      value += text_[at_];
    }
    if (!more()) {
      fails(begin, "a quote that is not closed", false);
      return false;
    }
    ++at_;
    one.value = quote == '"' ? expanded(unescaped(value)) : std::optional(value);
    return true;
  }

  static std::string unescaped(std::string_view text) {
    constexpr std::string_view letters = "abfnrtv", meant = "\a\b\f\n\r\t\v";
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
      if (const std::size_t known = letters.find(next); next != '\0' && known != std::string_view::npos) {
        result += meant[known];
      } else if (next == '\\' || next == '"') {
        result += next;
      } else if (next == '$') {
        result += "$$";
      } else if (next == '0') {
        octal(text.substr(at + 2), result, at);
        continue;
      } else {
        result += text[at];
        continue;
      }
      ++at;
    }
    return result;
  }

  // \0ddd
  static void octal(std::string_view digits, std::string& result, std::size_t& at) {
    unsigned value = 0;
    std::size_t count = 0;
    for (; count < 3 && count < digits.size() && digits[count] >= '0' && digits[count] <= '7'; ++count)
      value = value * 8 + static_cast<unsigned>(digits[count] - '0');
    if (count == 3 && value < 256) {
      // Go turns it into a character.
      if (value < 0x80) {
        result += static_cast<char>(value);
      } else {
        result += static_cast<char>(0xC0U | (value >> 6U));
        result += static_cast<char>(0x80U | (value & 0x3FU));
      }
      at += 4;
    } else {
      result += "\\0";
      ++at;
    }
  }

  static std::optional<std::string> expanded(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
      result += text[at];
      if (text[at] != '$' || at + 1 == text.size()) continue;
      const char next = text[at + 1];
      if (next == '$') {
        ++at;
      } else if (next == '{' || next == '_' || ascii::is_letter(next)) {
        return std::nullopt;
      }
    }
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  EnvReading reading_;
};

}  // namespace

EnvReading Models::compose(std::string_view text) { return Compose(text).read(); }

}  // namespace autoheal::workflows::env_readers
