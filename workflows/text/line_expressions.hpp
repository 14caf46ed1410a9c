// Regular expressions (RE2) that are matched line by line, with one definition of a line for all callers. `^` and `$`
// are the line's; its end, \n or \r\n, is not part of it.
#pragma once

#include <re2/re2.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::workflows {

class LineExpressions {
 public:
  // invalid: one of them is no expression.
  [[nodiscard]] static Result<LineExpressions> of(const std::vector<std::string>& patterns);

  // The first that occurs in a line of `content`.
  [[nodiscard]] std::optional<std::string> first_in(std::string_view content) const;
  // The same of one line, without its end. `begins` and `ends` are false for a part of a line that is too long.
  [[nodiscard]] std::optional<std::string> first_in_line(std::string_view line, bool begins = true,
                                                         bool ends = true) const;

 private:
  std::deque<RE2> expressions_;
};

// Content that comes piece by piece, in order.
class PiecewiseLines {
 public:
  explicit PiecewiseLines(const LineExpressions& expressions) : expressions_(expressions) {}
  // The first expression that occurs in the text so far. `last`: nothing follows.
  [[nodiscard]] std::optional<std::string> next(std::string_view piece, bool last);

 private:
  const LineExpressions& expressions_;
  std::string open_;      // a line whose end has not come
  bool is_rest_ = false;  // of a line that was too long: not its beginning
};

// Warnings about an expression before it is used.
struct ExpressionCheck {
  std::string problem;                // why no line could ever hold it, or that it is none; or empty
  std::vector<std::string> warnings;  // what it says without effect, or with more effect than meant
};
// Tried on samples of what it describes.
[[nodiscard]] ExpressionCheck check_line_expression(const std::string& pattern);

}  // namespace autoheal::workflows
