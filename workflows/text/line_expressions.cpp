#include "autoheal/workflows/text/line_expressions.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/workflows/text/expression_samples.hpp"

namespace autoheal::workflows {

namespace {

// A longer one is looked at in parts that overlap.
constexpr std::size_t longest_line_bytes = 16U << 20U;
constexpr std::size_t overlap_bytes = 64U << 10U;

RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // any bytes, never "invalid"
  return options;
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool occurs_in(const RE2& expression, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression);
}

// "(?s)", "(?im-s:", ...: which flags an expression switches on.
bool switches_on(std::string_view pattern, char flag) {
  for (auto at = pattern.find("(?"); at != std::string_view::npos; at = pattern.find("(?", at + 1)) {
    if (at > 0 && pattern[at - 1] == '\\') continue;
    for (auto next = at + 2; next < pattern.size() && pattern[next] != '-'; ++next) {
      if (pattern[next] == flag) return true;
      if (std::string_view("imsU").find(pattern[next]) == std::string_view::npos) break;
    }
  }
  return false;
}

}  // namespace

Result<LineExpressions> LineExpressions::of(const std::vector<std::string>& patterns) {
  LineExpressions all;
  for (const std::string& pattern : patterns) {
    if (all.expressions_.emplace_back(pattern, quiet()).ok()) continue;
    return failure(ErrorKind::invalid, fmt::format("forbid: \"{}\" is not a regular expression: {}", pattern,
                                                   all.expressions_.back().error()));
  }
  return all;
}

std::optional<std::string> LineExpressions::first_in_line(std::string_view line, bool begins, bool ends) const {
  // The text outside of the searched range decides whether `^` and `$` match here.
  const std::size_t from = begins ? 0 : std::min<std::size_t>(1, line.size());
  const std::size_t to = ends ? line.size() : std::max(line.size(), from + 1) - 1;
  const re2::StringPiece text(line.data(), line.size());
  for (const RE2& expression : expressions_) {
    if (expression.Match(text, from, to, RE2::UNANCHORED, nullptr, 0)) return expression.pattern();
  }
  return std::nullopt;
}

std::optional<std::string> LineExpressions::first_in(std::string_view content) const {
  while (!content.empty()) {
    const auto end = content.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view line = whole ? without_return(content.substr(0, end)) : content;
    if (auto found = first_in_line(line)) return found;
    content.remove_prefix(whole ? end + 1 : content.size());
  }
  return std::nullopt;
}

std::optional<std::string> PiecewiseLines::next(std::string_view piece, bool last) {
  const std::size_t known = open_.size();  // holds no end of a line
  open_ += piece;
  std::string_view rest = open_;
  for (auto end = rest.find('\n', known); end != std::string_view::npos; end = rest.find('\n')) {
    const bool begins = !std::exchange(is_rest_, false);
    if (auto found = expressions_.first_in_line(without_return(rest.substr(0, end)), begins)) return found;
    rest.remove_prefix(end + 1);
  }
  if (last && !rest.empty()) return expressions_.first_in_line(rest, !is_rest_);
  if (rest.size() > longest_line_bytes) {
    if (auto found = expressions_.first_in_line(rest, !is_rest_, false)) return found;
    rest.remove_prefix(rest.size() - overlap_bytes);
    is_rest_ = true;
  }
  open_.erase(0, open_.size() - rest.size());
  return std::nullopt;
}

ExpressionCheck check_line_expression(const std::string& pattern) {
  ExpressionCheck check;
  const RE2 expression(pattern, quiet());
  if (!expression.ok()) {
    check.problem = "it is not a regular expression: " + expression.error();
    return check;
  }
  bool in_line = false, across_lines = false;
  for (const std::string& sample : samples_of(pattern)) {
    if (!occurs_in(expression, sample)) continue;
    (sample.find('\n') == std::string::npos ? in_line : across_lines) = true;
  }
  if (!in_line && across_lines) {
    check.problem =
        "it can never be found: each line is looked at alone, and a line end (\\n) is no part of a line; "
        "leave \\n out, `$` is the end of a line";
  } else if (!in_line) {
    check.warnings.push_back("no line was found in which it occurs: see whether it can occur at all");
  }
  for (const char flag : {'s', 'm'}) {
    if (switches_on(pattern, flag))
      check.warnings.push_back(std::string("(?") + flag + ") changes nothing: each line is looked at alone");
  }
  if (occurs_in(expression, "")) check.warnings.emplace_back("it occurs in every line, even in an empty one");
  return check;
}

}  // namespace autoheal::workflows
