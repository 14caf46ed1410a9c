#include "autoheal/workflows/edit/env_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/edit/env_value_forms.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view byte_mark = "\xEF\xBB\xBF";

constexpr bool is_blank_byte(char c) { return c == ' ' || c == '\t'; }
constexpr bool ends_line(char c) { return c == '\n' || c == '\r'; }

// A statement as places in the text. Between `begin` and `end` lie its lines, the last line end included.
struct EditedStatement {
  std::size_t begin = 0, end = 0;
  std::size_t word = 0;   // where the name begins, behind blanks and `export`
  std::string_view name;  // empty: a comment, a blank line, or nothing that is known
  bool exported = false;
  std::size_t value = 0, value_end = 0;  // with quotes
  std::size_t comment = 0;               // where a comment begins behind the value, or 0
  bool canonical = false;                // NAME=value as every reader knows it
  std::size_t open_quote = 0;            // where a quote begins that nothing closes, plus 1
  bool part = false;                     // one of several assignments on its line
};

// Reads statements one after another, without a thought of what they mean.
class StatementScanner {
 public:
  StatementScanner(std::string_view text, std::string_view dialect)
      : text_(text),
        knows_comments_(dialect != "systemd" && dialect != "docker"),
        knows_quotes_(dialect != "docker"),
        joins_lines_(dialect == "shell" || dialect == "systemd"),
        joins_pieces_(dialect == "shell"),
        several_a_line_(dialect == "shell") {}

  std::vector<EditedStatement> all() {
    std::vector<EditedStatement> found;
    while (at_ < text_.size()) {
      const std::size_t count = found.size();
      EditedStatement one;
      one.begin = at_;
      if (at_ == 0 && text_.starts_with(byte_mark)) at_ = byte_mark.size();
      statement(one, found);
      finish_line();
      for (std::size_t index = count; index < found.size(); ++index) found[index].end = at_;
      if (found.size() > count + 1) {
        for (std::size_t index = count; index < found.size(); ++index) found[index].part = true;
      }
    }
    return found;
  }

 private:
  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  void skip_blanks() {
    while (at_ < text_.size() && (is_blank_byte(text_[at_]) || joined_line())) at_ += is_blank_byte(text_[at_]) ? 1 : 2;
  }
  [[nodiscard]] bool joined_line() const { return joins_lines_ && text_.substr(at_).starts_with("\\\n"); }

  void finish_line() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (at_ < text_.size()) ++at_;
  }

  void statement(EditedStatement one, std::vector<EditedStatement>& found) {
    const std::size_t indent = at_;
    skip_blanks();
    const bool tab = text_.substr(indent, at_ - indent).find('\t') != std::string_view::npos;
    if (ends_line(here()) || here() == '#') return;
    std::size_t gap = 0;
    constexpr std::string_view word = "export";
    if (text_.substr(at_).starts_with(word) && at_ + word.size() < text_.size() &&
        is_blank_byte(text_[at_ + word.size()])) {
      one.exported = true;
      at_ += word.size();
      const std::size_t begin = at_;
      skip_blanks();
      gap = at_ - begin;
      if (text_[begin] == '\t') gap = 2;  // as good as more than one blank
    }
    while (assignment(one, one.begin == 0 && text_.starts_with(byte_mark) ? true : tab || gap > 1)) {
      found.push_back(one);
      if (!several_a_line_ || one.open_quote != 0) return;
      skip_blanks();
      if (here() != '#' || at_ == found.back().value_end) continue;
      found.back().comment = at_;
      return;
    }
  }

  bool assignment(EditedStatement& one, bool odd) {
    one.word = at_;
    std::size_t end = at_;
    while (end < text_.size() && is_name_byte(text_[end])) ++end;
    one.name = text_.substr(at_, end - at_);
    if (!is_env_name(one.name)) return false;
    std::size_t sign = end;
    while (sign < text_.size() && is_blank_byte(text_[sign])) ++sign;
    const char what = sign < text_.size() ? text_[sign] : '\n';
    const bool colon =
        what == ':' && sign + 1 < text_.size() && (is_blank_byte(text_[sign + 1]) || ends_line(text_[sign + 1]));
    if (what != '=' && !colon) return false;
    if (several_a_line_ && (sign != end || colon)) return false;  // a shell has no such thing
    at_ = sign + 1;
    if (!several_a_line_) skip_blanks_of_value();
    one.canonical = !odd && sign == end && !colon && (at_ == sign + 1 || ends_line(here()) || here() == '#');
    value(one);
    return true;
  }

  void skip_blanks_of_value() {
    while (knows_quotes_ && at_ < text_.size() && is_blank_byte(text_[at_])) ++at_;
  }

  static bool is_name_byte(char c) { return ascii::is_letter_or_digit(c) || c == '_'; }

  void value(EditedStatement& one) {
    one.comment = 0;
    one.value = one.value_end = at_;
    const std::size_t begin = at_;
    bool pieces = true;  // quotes open at the beginning, and behind others
    while (at_ < text_.size() && !ends_line(text_[at_])) {
      const char c = text_[at_];
      if (knows_quotes_ && pieces && (c == '\'' || c == '"')) {
        if (!quoted(one)) return;
      } else if (joins_lines_ && c == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (knows_comments_ && c == '#' && (at_ == begin || is_blank_byte(text_[at_ - 1]))) {
        one.comment = at_;
        at_ = end_of_line();
        return;
      } else if (several_a_line_ && (is_blank_byte(c) || std::string_view(";&|").find(c) != std::string_view::npos)) {
        return;
      } else {
        pieces = pieces && (joins_pieces_ || is_blank_byte(c));
        ++at_;
        if (is_blank_byte(c) && knows_quotes_) continue;
      }
      one.value_end = at_;
    }
  }

  [[nodiscard]] std::size_t end_of_line() const { return std::min(text_.find_first_of("\r\n", at_), text_.size()); }

  bool quoted(EditedStatement& one) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    if (at_ < text_.size()) {
      one.value_end = ++at_;
      return true;
    }
    one.open_quote = begin + 1;
    at_ = begin;
    one.value_end = at_ = end_of_line();
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool knows_comments_, knows_quotes_, joins_lines_, joins_pieces_, several_a_line_;
};

// As most lines end, so that one that ends otherwise by accident is not followed.
std::string_view line_end_of(std::string_view text) {
  std::ptrdiff_t with_return = 0;
  for (std::size_t at = text.find("\r\n"); at != std::string_view::npos; at = text.find("\r\n", at + 2)) ++with_return;
  return 2 * with_return > std::ranges::count(text, '\n') ? "\r\n" : "\n";
}

std::string line_and_column_in(std::string_view text, std::size_t at) {
  std::size_t line = 1, begin = 0;
  for (std::size_t index = 0; index < at; ++index) {
    if (text[index] != '\n') continue;
    ++line;
    begin = index + 1;
  }
  return fmt::format("line {}, column {}", line, at - begin + 1);
}

std::string with_new(std::string_view text, std::string_view name, const std::string& form) {
  const std::string_view newline = line_end_of(text);
  std::string edited(text);
  // The file may end in the middle of a line end.
  if (!edited.empty() && edited.back() != '\n' && text != byte_mark) edited += edited.back() == '\r' ? "\n" : newline;
  edited += name;
  edited += '=';
  return edited + form + std::string(newline);
}

// Programs that take a comment behind a value for a part of it may read the file, unless it says otherwise.
bool comments_may_stay(const std::vector<EditedStatement>& all, std::string_view dialect) {
  return !dialect.empty() || std::ranges::any_of(all, &EditedStatement::exported);
}

std::string with_value(std::string_view text, const EditedStatement& one, const std::string& form, bool comment_stays) {
  if (one.part) {
    return std::string(text.substr(0, one.value)) + form + std::string(text.substr(one.value_end));
  }
  std::size_t begin = one.begin;
  if (begin == 0 && text.starts_with(byte_mark) && one.canonical) begin = byte_mark.size();
  std::size_t line = one.end;
  while (line > one.value_end && ends_line(text[line - 1])) --line;
  std::string before(text.substr(0, begin)), behind(text.substr(one.comment != 0 ? one.comment : line));
  if (one.comment != 0) {
    const std::string_view comment = text.substr(one.comment, line - one.comment);
    if (comment_stays && !form.empty()) {
      const std::string_view gap = text.substr(one.value_end, one.comment - one.value_end);
      behind = (gap.empty() || one.value == one.value_end ? " " : std::string(gap)) + behind;
    } else {
      std::string_view ended = text.substr(line, one.end - line);
      before += comment;
      before += ended.empty() ? line_end_of(text) : ended;
      behind = text.substr(line);
    }
  }
  const std::string_view indent = one.canonical ? text.substr(begin, one.word - begin) : "";
  const std::string_view head = one.canonical ? indent : one.exported ? "export " : "";
  return before + std::string(head) + std::string(one.name) + "=" + form + behind;
}

}  // namespace

bool is_env_name(std::string_view name) {
  if (name.empty() || ascii::is_digit(name.front())) return false;
  return std::ranges::all_of(name, [](char c) { return ascii::is_letter_or_digit(c) || c == '_'; });
}

Result<std::vector<std::string>> ways_to_set_env(std::string_view text, std::string_view name, std::string_view value,
                                                 std::string_view dialect) {
  if (!is_env_name(name)) return failure(ErrorKind::invalid, "\"" + std::string(name) + "\" is not a variable's name");
  if (value.find('\0') != std::string_view::npos)
    return failure(ErrorKind::invalid, "the value for " + std::string(name) + " has a zero byte");
  const auto all = StatementScanner(text, dialect).all();
  const auto last =
      std::ranges::find_if(all.rbegin(), all.rend(), [&](const EditedStatement& one) { return one.name == name; });
  std::vector<std::string> ways;
  if (last == all.rend()) {
    for (const std::string& form : env_value_forms(value, dialect, 0)) ways.push_back(with_new(text, name, form));
    return ways;
  }
  const std::string_view old = text.substr(last->value, last->value_end - last->value);
  const char style = !old.empty() && (old.front() == '"' || old.front() == '\'') ? old.front() : '\0';
  const auto forms = env_value_forms(value, dialect, style);
  const bool stays = comments_may_stay(all, dialect);
  const bool in_place = last->canonical && (last->comment == 0 || (stays && !old.empty()));
  if (in_place && std::ranges::find(forms, old) != forms.end()) ways.emplace_back(text);
  for (const std::string& form : forms) ways.push_back(with_value(text, *last, form, stays));
  return ways;
}

Result<std::string> unset_env(std::string_view text, std::string_view name, std::string_view dialect) {
  const auto all = StatementScanner(text, dialect).all();
  std::string edited;
  std::size_t kept = 0;
  for (std::size_t index = 0; index < all.size(); ++index) {
    const EditedStatement& one = all[index];
    if (one.name != name) continue;
    if (one.open_quote != 0)
      return failure(ErrorKind::invalid,
                     fmt::format("{}: a quote that is not closed, so that where {} ends is not known",
                                 line_and_column_in(text, one.open_quote - 1), name));
    const bool shared = one.part && std::ranges::any_of(all, [&](const EditedStatement& other) {
                          return other.begin == one.begin && other.name != name;
                        });
    if (!shared) {
      if (one.begin < kept) continue;
      edited += text.substr(kept, one.begin - kept);
      kept = one.end;
      continue;
    }
    std::size_t end = one.value_end;
    while (end < text.size() && is_blank_byte(text[end])) ++end;
    edited += text.substr(kept, one.word - kept);
    kept = end;
  }
  return edited + std::string(text.substr(kept));
}

}  // namespace autoheal::workflows
