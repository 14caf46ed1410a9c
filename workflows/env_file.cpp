#include "workflows/env_file.hpp"

#include <vector>

namespace autoheal::workflows {

namespace {

// One assignment, as places in the text.
struct Assignment {
  std::string_view name;
  std::size_t line_begin = 0, line_end = 0;    // line_end: behind the newline
  std::size_t value_begin = 0, value_end = 0;  // with quotes, without a comment behind
};

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end) {
  while (at < end && is_blank(text[at])) ++at;
  return at;
}

// The end of a value that begins at `at`, behind a `=`: behind its closing quote, or before a comment and blanks.
std::size_t end_of_value(std::string_view text, std::size_t at, std::size_t end) {
  if (at < end && (text[at] == '"' || text[at] == '\'')) {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < end; ++i) {
      if (text[i] == '\\' && quote == '"') {
        ++i;
      } else if (text[i] == quote) {
        return i + 1;
      }
    }
  }
  std::size_t stop = at;
  while (stop < end && !(text[stop] == '#' && is_blank(text[stop - 1]))) ++stop;
  while (stop > at && is_blank(text[stop - 1])) --stop;
  return stop;
}

std::vector<Assignment> assignments_of(std::string_view text) {
  std::vector<Assignment> found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t newline = text.find('\n', begin);
    const std::size_t line_end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::size_t end = newline == std::string_view::npos ? text.size() : newline;
    if (end > begin && text[end - 1] == '\r') --end;
    std::size_t at = skip_blanks(text, begin, end);
    constexpr std::string_view exported = "export";
    if (text.substr(at, exported.size()) == exported && at + exported.size() < end &&
        is_blank(text[at + exported.size()])) {
      at = skip_blanks(text, at + exported.size(), end);
    }
    const std::size_t equals = text.find('=', at);
    if (equals != std::string_view::npos && equals < end && is_env_name(text.substr(at, equals - at))) {
      std::size_t value = skip_blanks(text, equals + 1, end);
      std::size_t value_end = end_of_value(text, value, end);
      // An empty one stands behind the equals sign, so that what is put there touches no comment.
      if (value == value_end) value = value_end = equals + 1;
      found.push_back({text.substr(at, equals - at), begin, line_end, value, value_end});
    }
    begin = line_end;
  }
  return found;
}

std::string value_of(std::string_view raw) {
  if (raw.size() < 2 || (raw.front() != '"' && raw.front() != '\'') || raw.back() != raw.front())
    return std::string(raw);
  const bool escapes = raw.front() == '"';
  raw = raw.substr(1, raw.size() - 2);
  std::string value;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (escapes && raw[i] == '\\' && i + 1 < raw.size()) {
      const char next = raw[++i];
      value += next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next;
    } else {
      value += raw[i];
    }
  }
  return value;
}

std::string double_quoted(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else {
      if (c == '"' || c == '\\' || c == '$' || c == '`') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + '"';
}

bool plain_holds(std::string_view value) {
  for (const char c : value) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("_-+./:@,%=?&~").find(c) != std::string_view::npos;
    if (!safe) return false;
  }
  return true;
}

bool single_quotes_hold(std::string_view value) { return value.find_first_of("'\n\r") == std::string_view::npos; }

// The new value in the old one's quoting where that can hold it.
std::string in_style_of(std::string_view old_raw, std::string_view value) {
  const char style = old_raw.empty() ? '\0' : old_raw.front();
  if (style == '\'' && single_quotes_hold(value)) return "'" + std::string(value) + "'";
  if (style != '"' && style != '\'' && plain_holds(value)) return std::string(value);
  if (style != '"' && single_quotes_hold(value)) return "'" + std::string(value) + "'";
  return double_quoted(value);
}

}  // namespace

bool is_env_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

std::map<std::string, std::string> read_env(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const Assignment& one : assignments_of(text)) {
    values[std::string(one.name)] = value_of(text.substr(one.value_begin, one.value_end - one.value_begin));
  }
  return values;
}

Result<std::string> set_env(std::string_view text, std::string_view name, std::string_view value) {
  if (!is_env_name(name)) return failure(ErrorKind::invalid, "\"" + std::string(name) + "\" is not a variable's name");
  if (value.find('\0') != std::string_view::npos) {
    return failure(ErrorKind::invalid, "the value for " + std::string(name) + " has a zero byte");
  }
  const auto all = assignments_of(text);
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    if (one->name != name) continue;
    const auto raw = text.substr(one->value_begin, one->value_end - one->value_begin);
    if (value_of(raw) == value) return std::string(text);
    std::string edited(text.substr(0, one->value_begin));
    edited += in_style_of(raw, value);
    edited += text.substr(one->value_end);
    return edited;
  }
  const bool dos = text.find("\r\n") != std::string_view::npos;
  const std::string_view newline = dos ? "\r\n" : "\n";
  std::string edited(text);
  // Of a line end that was cut off half is there.
  if (!edited.empty() && edited.back() != '\n') edited += edited.back() == '\r' ? "\n" : newline;
  edited += name;
  edited += '=';
  edited += in_style_of({}, value);
  edited += newline;
  return edited;
}

std::string unset_env(std::string_view text, std::string_view name) {
  std::string edited;
  std::size_t kept = 0;
  for (const Assignment& one : assignments_of(text)) {
    if (one.name != name) continue;
    edited += text.substr(kept, one.line_begin - kept);
    kept = one.line_end;
  }
  edited += text.substr(kept);
  return edited;
}

}  // namespace autoheal::workflows
