#include "workflows/security_rules.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <deque>

namespace autoheal::workflows {

namespace {

RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // any bytes, never "invalid"
  return options;
}

}  // namespace

std::optional<std::string> forbidden_in(std::string_view content, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const RE2 expression(pattern, quiet());
    if (!expression.ok() || RE2::PartialMatch(re2::StringPiece(content.data(), content.size()), expression))
      return pattern;
  }
  return std::nullopt;
}

Result<std::string> without_forbidden_lines(std::string_view content, const std::vector<std::string>& patterns) {
  std::deque<RE2> expressions;
  for (const std::string& pattern : patterns) {
    if (!expressions.emplace_back(pattern, quiet()).ok()) {
      return failure(ErrorKind::invalid,
                     "forbid: \"" + pattern + "\" is not a regular expression: " + expressions.back().error());
    }
  }
  std::string kept;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    const auto line = content.substr(0, end);
    const auto matches = [&](const RE2& expression) {
      return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), expression);
    };
    if (std::ranges::none_of(expressions, matches)) kept += line;
    content.remove_prefix(end);
  }
  return kept;
}

}  // namespace autoheal::workflows
