#include "autoheal/workflows/edit/env_value_forms.hpp"

#include <algorithm>
#include <array>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::workflows {

namespace {

constexpr auto nowhere = std::string_view::npos;

bool holds_any(std::string_view value, std::string_view any_of) { return value.find_first_of(any_of) != nowhere; }

// Needs no quotes anywhere.
bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return ascii::is_letter_or_digit(c) || std::string_view("_-+./:@,%=").find(c) != nowhere;
  });
}

// A backslash that some reader joins with what follows.
bool has_escape(std::string_view value, std::string_view escaped) {
  for (std::size_t at = value.find('\\'); at != nowhere; at = value.find('\\', at + 1)) {
    if (at + 1 == value.size() || escaped.find(value[at + 1]) != nowhere) return true;
  }
  return false;
}

std::string in_quotes(char quote, std::string_view value) { return quote + std::string(value) + quote; }

// Alike for all readers.
bool single_quotes_hold(std::string_view value) {
  return !holds_any(value, "'\r") && value.find("${") == nowhere && !has_escape(value, "\\'");
}
bool double_quotes_hold(std::string_view value) {
  return !holds_any(value, "\"$`\r") && !has_escape(value, "abcfnrtv0$\"'\\`\n");
}

// For all but shells, which look for quotes in the midst of a word.
bool bare_holds(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  return !value.empty() && !holds_any(value, "#\n\r\\$") && !blank(value.front()) && !blank(value.back()) &&
         std::string_view("'\"`").find(value.front()) == nowhere;
}

std::string backslashed(std::string_view value, std::string_view characters) {
  std::string text;
  for (const char c : value) {
    if (characters.find(c) != nowhere) text += '\\';
    text += c;
  }
  return text;
}

std::string for_shell(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

bool ends_with_open_backslash(std::string_view value) {
  const std::size_t last = value.find_last_not_of('\\');
  return (last == nowhere ? value.size() : value.size() - last - 1) % 2 == 1;
}

// Adds forms that only the readers of one dialect understand.
void add_own(std::string_view value, std::string_view dialect, std::vector<std::string>& forms) {
  if (dialect == "shell") {
    forms.push_back(for_shell(value));
  } else if (dialect == "systemd") {
    if (!holds_any(value, "'")) forms.push_back(in_quotes('\'', value));
    forms.push_back(in_quotes('"', backslashed(value, "\"\\$`")));
  } else if (dialect == "compose") {
    if (!holds_any(value, "'") && !ends_with_open_backslash(value)) forms.push_back(in_quotes('\'', value));
    forms.push_back(in_quotes('"', backslashed(value, "\"\\$")));
  } else if (dialect == "dotenv" || dialect == "expand") {
    if (!holds_any(value, "\"\r") && value.find("${") == nowhere && !has_escape(value, "abfnrtv\"'\\"))
      forms.push_back(in_quotes('"', value));
    if (!holds_any(value, "#\n\r") && !holds_any(value.substr(0, 1), "'\"` \t") && !value.ends_with(' ') &&
        !value.ends_with('\t'))
      forms.emplace_back(value);
  }
}

}  // namespace

std::vector<std::string> env_value_forms(std::string_view value, std::string_view dialect, char style) {
  if (dialect == "docker") {
    if (holds_any(value, "\n") || value.ends_with('\r')) return {};
    return {std::string(value)};
  }
  std::vector<std::string> forms;
  if (value.empty()) forms.emplace_back();
  const auto quoted = [&](char quote) {
    if (quote == '\'' ? single_quotes_hold(value) : double_quotes_hold(value)) forms.push_back(in_quotes(quote, value));
  };
  if (style != 0) quoted(style);
  if (is_plain(value)) forms.emplace_back(value);
  quoted('\'');
  quoted('"');
  add_own(value, dialect, forms);
  if (bare_holds(value)) forms.emplace_back(value);
  std::vector<std::string> distinct;
  for (std::string& form : forms) {
    if (std::ranges::find(distinct, form) == distinct.end()) distinct.push_back(std::move(form));
  }
  return distinct;
}

}  // namespace autoheal::workflows
