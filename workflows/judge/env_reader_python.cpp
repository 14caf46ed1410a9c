// python-dotenv, which opens a file with universal newlines. A binding is read up to the end of its line; where that
// does not work, what is left of the line is skipped. `${` expands in every quote, even in single ones.
#include <set>

#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows::env_readers {

namespace {

class Python {
 public:
  explicit Python(std::string_view text) : loaded_(with_newlines(text)), text_(loaded_.text) {}

  EnvReading read() {
    while (skip_space()) {
      if (text_[at_] == '#') {
        at_ = end_of_line();
      } else {
        binding();
      }
    }
    forget();
    for (EnvStatement& one : reading_.statements) {
      one.begin = loaded_.origin[one.begin];
      one.end = loaded_.origin[one.end];
    }
    return std::move(reading_);
  }

 private:
  // A name alone takes the value away that it had.
  void forget() {
    std::set<std::string> assigned, forgotten;  // behind a statement
    for (auto one = reading_.statements.rbegin(); one != reading_.statements.rend(); ++one) {
      if (one->form == EnvForm::bare_name) {
        if (!assigned.contains(one->name)) forgotten.insert(one->name);
      } else if (forgotten.contains(one->name)) {
        one->form = EnvForm::bare_name;
      } else {
        assigned.insert(one->name);
      }
    }
  }

  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] std::size_t end_of_line() const { return std::min(text_.find('\n', at_), text_.size()); }
  [[nodiscard]] std::size_t space() const {
    if (more() && text_[at_] >= '\x1c' && text_[at_] <= '\x1f') return 1;
    return space_at(text_, at_);
  }

  bool skip_space() {
    while (const std::size_t length = space()) at_ += length;
    return more();
  }
  void skip_blanks() {
    while (more() && text_[at_] != '\n' && space() > 0) at_ += space();
  }

  void binding() {
    EnvStatement one{at_, at_, EnvForm::assignment, {}, {}, false};
    constexpr std::string_view exported = "export";
    if (text_.substr(at_).starts_with(exported)) {
      const std::size_t begin = at_;
      at_ += exported.size();
      const std::size_t behind = at_;
      skip_blanks();
      if (at_ > behind) {
        one.form = EnvForm::exported;
      } else {
        at_ = begin;
      }
    }
    if (!name(one) || !rest(one)) {
      one = {one.begin, 0, EnvForm::unreadable, {}, {}, false};
      at_ = end_of_line();
    }
    one.end = at_;
    reading_.statements.push_back(std::move(one));
  }

  bool name(EnvStatement& one) {
    const std::size_t begin = at_;
    if (more() && text_[at_] == '\'') {
      const std::size_t end = text_.find('\'', at_ + 1);
      if (end == std::string_view::npos || end == at_ + 1) return false;
      at_ = end + 1;
      one.name = text_.substr(begin + 1, end - begin - 1);
      return true;
    }
    while (more() && text_[at_] != '=' && text_[at_] != '#' && space() == 0) ++at_;
    one.name = text_.substr(begin, at_ - begin);
    return at_ > begin;
  }

  bool rest(EnvStatement& one) {
    const std::size_t behind_name = at_;
    skip_blanks();
    if (more() && text_[at_] == '=') {
      const std::size_t sign = at_++;
      skip_blanks();
      const bool before = sign > behind_name, behind = at_ > sign + 1;
      if (!value(one)) return false;
      const bool spaced = before || (behind && one.value != "");
      if (spaced && one.form == EnvForm::assignment) one.form = EnvForm::spaced;
    } else {
      one.form = EnvForm::bare_name;
    }
    skip_blanks();
    if (more() && text_[at_] == '#') {
      one.comment_behind = true;
      at_ = end_of_line();
    }
    return !more() || text_[at_] == '\n';
  }

  bool value(EnvStatement& one) {
    if (!more() || text_[at_] == '\n') {
      one.value = "";
      return true;
    }
    const char quote = text_[at_];
    if (quote != '\'' && quote != '"') {
      bare(one);
      return true;
    }
    const std::size_t end = closing(quote);
    if (end == std::string_view::npos) return false;
    one.value = literal(decoded(text_.substr(at_ + 1, end - at_ - 1), quote == '"' ? "\\'\"abfnrtv" : "\\'"));
    at_ = end + 1;
    return true;
  }

  // An expression that gives way: if no other quote closes the value, one behind a backslash does.
  [[nodiscard]] std::size_t closing(char quote) const {
    std::size_t escaped = std::string_view::npos;
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      if (text_[at] == quote) return at;
      if (text_[at] == '\\' && at + 1 < text_.size() && text_[at + 1] == quote) escaped = ++at;
    }
    return escaped;
  }

  static std::string decoded(std::string_view text, std::string_view escapes) {
    constexpr std::string_view letters = "abfnrtv", meant = "\a\b\f\n\r\t\v";
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool escape =
          text[at] == '\\' && at + 1 < text.size() && escapes.find(text[at + 1]) != std::string_view::npos;
      if (escape) ++at;
      const std::size_t known = escape ? letters.find(text[at]) : std::string_view::npos;
      result += known != std::string_view::npos ? meant[known] : text[at];
    }
    return result;
  }

  void bare(EnvStatement& one) {
    const std::size_t begin = at_;
    at_ = end_of_line();
    std::string_view value = text_.substr(begin, at_ - begin);
    for (std::size_t mark = value.find('#'); mark != std::string_view::npos; mark = value.find('#', mark + 1)) {
      if (trimmed_end(value.substr(0, mark)).size() == mark) continue;
      one.comment_behind = true;
      value = value.substr(0, mark);
      break;
    }
    one.value = literal(std::string(trimmed_end(value)));
  }

  static std::optional<std::string> literal(std::string value) {
    if (value.find("${") != std::string::npos) return std::nullopt;
    return value;
  }

  LoadedText loaded_;
  std::string_view text_;
  std::size_t at_ = 0;
  EnvReading reading_;
};

}  // namespace

EnvReading Models::python_dotenv(std::string_view text) { return Python(text).read(); }

}  // namespace autoheal::workflows::env_readers
