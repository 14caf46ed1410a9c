// EnvironmentFile= of systemd 252. Comments begin with # or ; and go on behind a backslash; a value is pieces in
// quotes, blanks between them dropped, until the first bare character, from which on all counts to the end of the line.
#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows::env_readers {

namespace {

constexpr bool is_newline(char c) { return c == '\n' || c == '\r'; }

class Systemd {
 public:
  explicit Systemd(std::string_view text) : text_(text) {}

  EnvReading read() {
    while (skip_space()) {
      if (text_[at_] == '#' || text_[at_] == ';') {
        comment();
      } else {
        statement();
      }
    }
    return std::move(reading_);
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }

  bool skip_space() {
    while (more() && (is_blank(text_[at_]) || is_newline(text_[at_]))) ++at_;
    return more();
  }

  void comment() {
    EnvStatement one{at_, at_, EnvForm::unreadable, {}, {}, false};
    while (more() && !is_newline(text_[at_])) at_ += text_[at_] == '\\' ? 2 : 1;
    one.end = at_ = std::min(at_, text_.size());
    reading_.statements.push_back(std::move(one));
  }

  void statement() {
    EnvStatement one{at_, at_, EnvForm::unreadable, {}, {}, false};
    const std::size_t begin = at_++;  // whatever the first character is, it is of the name
    while (more() && !is_newline(text_[at_]) && text_[at_] != '=') ++at_;
    if (more() && text_[at_] == '=') {
      std::string_view name = text_.substr(begin, at_ - begin);
      while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
      const bool before = name.size() != at_ - begin, behind = at_ + 1 < text_.size() && is_blank(text_[at_ + 1]);
      ++at_;
      one.value = value();
      const bool spaced = before || (behind && !one.value->empty());
      if (is_name(name)) {
        one.form = spaced ? EnvForm::spaced : EnvForm::assignment;
        one.name = name;
      } else if (name.starts_with("export ") || name.starts_with("export\t")) {
        one.form = EnvForm::exported;  // no name of systemd's: it assigns nothing
      }
    }
    one.end = at_;
    reading_.statements.push_back(std::move(one));
  }

  static bool is_name(std::string_view name) {
    if (name.empty() || ascii::is_digit(name.front())) return false;
    for (const char c : name) {
      if (!ascii::is_letter(c) && !ascii::is_digit(c) && c != '_') return false;
    }
    return true;
  }

  std::string value() {
    std::string value;
    while (more() && !is_newline(text_[at_])) {
      const char c = text_[at_];
      if (c == '\'') {
        single_quoted(value);
      } else if (c == '"') {
        double_quoted(value);
      } else if (is_blank(c)) {
        ++at_;
      } else {
        bare(value);
        break;
      }
    }
    return value;
  }

  void single_quoted(std::string& value) {
    for (++at_; more() && text_[at_] != '\''; ++at_) value += text_[at_];
    if (more()) ++at_;
  }

  void double_quoted(std::string& value) {
    for (++at_; more() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      if (at_ + 1 == text_.size()) continue;
      const char next = text_[++at_];
      if (next == '\n') continue;
      if (std::string_view("\"\\`$").find(next) == std::string_view::npos) value += '\\';
      value += next;
    }
    if (more()) ++at_;
  }

  void bare(std::string& value) {
    std::size_t kept = value.size();  // blanks behind this are dropped
    while (more() && !is_newline(text_[at_])) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        if (!is_blank(text_[at_])) kept = value.size();
        ++at_;
        continue;
      }
      ++at_;
      if (!more()) break;
      if (!is_newline(text_[at_])) value += text_[at_];
      kept = value.size();
      ++at_;
    }
    value.resize(kept);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  EnvReading reading_;
};

}  // namespace

EnvReading Models::systemd(std::string_view text) { return Systemd(text).read(); }

}  // namespace autoheal::workflows::env_readers
