#include "autoheal/workflows/plan/security_rules.hpp"

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/workflows/text/line_expressions.hpp"

namespace autoheal::workflows {

std::optional<std::string> forbidden_in(std::string_view content, const std::vector<std::string>& patterns) {
  begins_pure_part("forbidden_in");
  if (patterns.empty()) return std::nullopt;
  const auto expressions = LineExpressions::of(patterns);
  return expressions ? expressions->first_in(content) : "one that cannot be read: " + expressions.error().message;
}

Result<std::string> without_forbidden_lines(std::string_view content, const std::vector<std::string>& patterns) {
  begins_pure_part("without_forbidden_lines");
  const auto expressions = LineExpressions::of(patterns);
  AUTOHEAL_TRY(expressions);
  std::string kept;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    if (!expressions->first_in(content.substr(0, end))) kept += content.substr(0, end);
    content.remove_prefix(end);
  }
  return kept;
}

}  // namespace autoheal::workflows
