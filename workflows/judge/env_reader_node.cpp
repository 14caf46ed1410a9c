// The two readers of node: the package dotenv, one expression over the whole text, and --env-file, which takes what
// stands before the next equals sign for a name, over as many lines as that may be.
#include <algorithm>

#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows::env_readers {

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

class Npm {
 public:
  explicit Npm(std::string_view text) : loaded_(with_newlines(text)), text_(loaded_.text) {}

  EnvReading read() {
    for (std::size_t line = 0; line < text_.size();) {
      const std::size_t begin = behind_space(line);  // what does not match there matches from no line before it
      const std::size_t end = match(begin);
      line = line_from(std::max(end, begin + 1));
    }
    for (EnvStatement& one : reading_.statements) {
      one.begin = loaded_.origin[one.begin];
      one.end = loaded_.origin[one.end];
    }
    return std::move(reading_);
  }

 private:
  [[nodiscard]] std::size_t space(std::size_t at) const {
    if (text_.substr(at).starts_with(byte_order_mark)) return byte_order_mark.size();
    if (text_.substr(at).starts_with("\xC2\x85")) return 0;
    return space_at(text_, at);
  }
  [[nodiscard]] std::size_t behind_space(std::size_t at) const {
    while (const std::size_t length = space(at)) at += length;
    return at;
  }

  // To `^` and `$` of JavaScript the separators of lines and paragraphs of Unicode end a line, too: the length of what
  // ends one here, or 0.
  [[nodiscard]] std::size_t line_end(std::size_t at) const {
    if (at < text_.size() && text_[at] == '\n') return 1;
    const std::string_view here = text_.substr(std::min(at, text_.size()), 3);
    return here == "\xE2\x80\xA8" || here == "\xE2\x80\xA9" ? 3 : 0;
  }
  // The first line that begins at `from` or behind it.
  [[nodiscard]] std::size_t line_from(std::size_t from) const {
    for (std::size_t at = from - std::min<std::size_t>(from, 3); at < text_.size(); ++at) {
      if (const std::size_t length = line_end(at); length > 0 && at + length >= from) return at + length;
    }
    return text_.size();
  }

  // A match that begins here: where its value ends, or 0.
  std::size_t match(std::size_t begin) {
    constexpr std::string_view exported = "export";
    if (text_.substr(begin).starts_with(exported)) {
      const std::size_t name = behind_space(begin + exported.size());
      if (name > begin + exported.size()) {
        if (const std::size_t end = named(begin, name, EnvForm::exported)) return end;
      }
    }
    return named(begin, begin, EnvForm::assignment);
  }

  std::size_t named(std::size_t begin, std::size_t name, EnvForm form) {
    std::size_t end = name;
    while (end < text_.size() && (ascii::is_letter(text_[end]) || ascii::is_digit(text_[end]) ||
                                  std::string_view("_.-").find(text_[end]) != std::string_view::npos))
      ++end;
    if (end == name) return 0;
    EnvStatement one{begin, end, form, std::string(text_.substr(name, end - name)), {}, false};
    const std::size_t sign = behind_space(end);
    if (sign < text_.size() && text_[sign] == '=') {
      if (!value(one, sign + 1)) return 0;
      const bool behind = sign + 1 < text_.size() && is_blank(text_[sign + 1]) && one.value != "";
      if ((sign > end || behind) && form == EnvForm::assignment) one.form = EnvForm::spaced;
      return found(std::move(one));
    }
    if (end >= text_.size() || text_[end] != ':' || space(end + 1) == 0) return 0;
    one.form = EnvForm::colon;
    return value(one, end + 1 + space(end + 1)) ? found(std::move(one)) : 0;
  }

  std::size_t found(EnvStatement one) {
    const std::size_t end = one.end;
    reading_.statements.push_back(std::move(one));
    return end;
  }

  // Tries from each place behind white space, the nearest first.
  bool value(EnvStatement& one, std::size_t at) {
    for (;; at += space(at)) {
      if (value_at(one, at)) return true;
      if (space(at) == 0) return false;
    }
  }

  bool value_at(EnvStatement& one, std::size_t at) {
    const std::size_t quoted = behind_space(at);
    if (quoted < text_.size() && std::string_view("'\"`").find(text_[quoted]) != std::string_view::npos) {
      for (const std::size_t end : closings(quoted)) {
        if (ends(one, end + 1)) return take(one, at, end + 1);
      }
    }
    return bare(one, at);
  }

  // Where a quote may close, in the order in which an expression tries: behind a backslash only where nothing else
  // fits.
  [[nodiscard]] std::vector<std::size_t> closings(std::size_t quoted) const {
    std::vector<std::size_t> possible;
    for (std::size_t at = quoted + 1; at < text_.size(); ++at) {
      if (text_[at] == text_[quoted]) {
        possible.push_back(at);
        break;
      }
      if (text_[at] == '\\' && at + 1 < text_.size() && text_[at + 1] == text_[quoted]) possible.push_back(++at);
    }
    std::ranges::reverse(possible);
    return possible;
  }

  bool bare(EnvStatement& one, std::size_t at) {
    const std::size_t end = std::min(text_.find_first_of("#\n", at), text_.size());
    return ends(one, end) && take(one, at, end);
  }

  // Nothing but white space and a comment up to the end of a line.
  bool ends(EnvStatement& one, std::size_t at) const {
    one.comment_behind = false;
    while (at < text_.size() && line_end(at) == 0 && space(at) > 0) at += space(at);
    if (at < text_.size() && text_[at] == '#') {
      one.comment_behind = true;
      return true;
    }
    return at == text_.size() || line_end(at) > 0;
  }

  bool take(EnvStatement& one, std::size_t at, std::size_t end) const {
    const std::size_t begin = std::min(behind_space(at), end);
    std::string_view value = text_.substr(begin, end - begin);
    value = trimmed_end(value);
    one.end = end;
    const char quote = value.empty() ? '\0' : value.front();
    const bool in_quotes = value.size() > 1 && value.back() == quote && (quote == '\'' || quote == '"' || quote == '`');
    std::string plain(in_quotes ? value.substr(1, value.size() - 2) : value);
    if (quote == '"') plain = replaced(replaced(std::move(plain), "\\n", "\n"), "\\r", "\r");
    one.value = std::move(plain);
    return true;
  }

  LoadedText loaded_;
  std::string_view text_;
  EnvReading reading_;
};

class Node {
 public:
  explicit Node(std::string_view text) : loaded_(without_carriage_returns(text)), text_(loaded_.text) {}

  EnvReading read() {
    skip_blanks();
    while (at_ < text_.size()) {
      if (text_[at_] == '\n' || text_[at_] == '#') {
        at_ = behind_line(at_);
      } else if (!statement()) {
        break;
      }
    }
    for (EnvStatement& one : reading_.statements) {
      one.begin = loaded_.origin[one.begin];
      one.end = loaded_.origin[one.end];
    }
    return std::move(reading_);
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  [[nodiscard]] std::size_t end_of_line(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }
  [[nodiscard]] std::size_t behind_line(std::size_t at) const { return std::min(end_of_line(at) + 1, text_.size()); }

  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  }

  bool statement() {
    const std::size_t sign = text_.find('=', at_);
    if (sign == std::string_view::npos) return false;
    const std::string_view written = text_.substr(at_, sign - at_);
    std::string_view name = trimmed(written);
    if (name.empty()) return false;
    // Lines without an equals sign become part of the name of the next that has one: the statement is that line.
    const std::size_t line = written.rfind('\n');
    EnvStatement one{
        line == std::string_view::npos ? at_ : at_ + line + 1, sign + 1, EnvForm::assignment, {}, {}, false};
    if (written.back() == ' ') one.form = EnvForm::spaced;
    if (name.starts_with("export ")) {
      one.form = EnvForm::exported;
      name.remove_prefix(7);
    }
    one.name = name;
    at_ = sign + 1;
    skip_blanks();
    value(one);
    reading_.statements.push_back(std::move(one));
    return true;
  }

  void value(EnvStatement& one) {
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const bool quoted = quote == '\'' || quote == '"' || quote == '`';
    const std::size_t closing = quoted ? text_.find(quote, at_ + 1) : std::string_view::npos;
    if (closing != std::string_view::npos) {
      std::string plain(text_.substr(at_ + 1, closing - at_ - 1));
      one.value = quote == '"' ? replaced(std::move(plain), "\\n", "\n") : plain;
      one.end = closing + 1;
      one.comment_behind = text_.substr(closing, end_of_line(closing) - closing).find('#') != std::string_view::npos;
      at_ = behind_line(closing);
      return;
    }
    const std::size_t end = end_of_line(at_);
    std::string_view value = text_.substr(at_, end - at_);
    one.end = end;
    at_ = behind_line(at_);
    if (quoted) {
      if (end == text_.size()) {  // without a line end behind it nothing is kept
        one.name.clear();
        one.form = EnvForm::unreadable;
      } else {
        one.value = value;
      }
      return;
    }
    one.comment_behind = value.find('#') != std::string_view::npos;
    one.value = trimmed(value.substr(0, value.find('#')));
  }

  LoadedText loaded_;
  std::string_view text_;
  std::size_t at_ = 0;
  EnvReading reading_;
};

}  // namespace

EnvReading Models::npm_dotenv(std::string_view text) { return Npm(text).read(); }
EnvReading Models::node(std::string_view text) { return Node(text).read(); }

}  // namespace autoheal::workflows::env_readers
