#include "tools/config/problem.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::config {

namespace {

// Levenshtein distance without regard to case; a swap of neighbours counts as one.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return ascii::to_lower(x) == ascii::to_lower(y); };
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string to_text(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += fmt::format(":{}:{}", problem.line, problem.column);
  text += ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  return text + problem.message;
}

std::string to_text(const std::vector<Problem>& problems) {
  std::string all;
  for (const Problem& problem : problems) all += (all.empty() ? "" : "\n") + to_text(problem);
  return all;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& known) {
  std::size_t best = std::max<std::size_t>(1, written.size() / 3) + 1;
  std::string nearest;
  for (const std::string& one : known) {
    if (const std::size_t far = distance(written, one); far < best) {
      best = far;
      nearest = one;
    }
  }
  return nearest.empty() ? std::string() : fmt::format("did you mean \"{}\"?", nearest);
}

}  // namespace autoheal::config
