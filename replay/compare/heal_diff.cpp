#include "autoheal/replay/compare/heal_diff.hpp"

#include <algorithm>
#include <cstdint>

namespace autoheal::replay {

namespace {

constexpr std::size_t most_aligned = 2'000;  // entries of each side; longer heals are laid side by side as they come

// "took 12.3 ms" and "took 9.8 ms" say the same.
std::string without_times(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
    if (end > at && text.compare(end, 3, " ms") == 0) {
      kept += "#";
      at = end;
      continue;
    }
    kept += text[at++];
  }
  return kept;
}

// The configuration is reported separately from the events.
std::vector<std::string> said(const TimelineLine& line) {
  std::vector<std::string> lines = {without_times(line.sentence)};
  for (const std::string& detail : line.details)
    lines.push_back(without_times(detail.substr(0, detail.find(", configuration "))));
  return lines;
}

// Rows by the longest common sequence of entry types.
std::vector<DiffRow> aligned(const Timeline& left, const Timeline& right) {
  const std::size_t a = left.lines.size(), b = right.lines.size();
  std::vector<DiffRow> rows;
  if (a > most_aligned || b > most_aligned) {
    for (std::size_t index = 0; index < std::max(a, b); ++index)
      rows.push_back(
          {index < a ? std::optional(index) : std::nullopt, index < b ? std::optional(index) : std::nullopt, false});
    return rows;
  }
  const auto same_type = [&](std::size_t x, std::size_t y) {
    return left.lines[x].entry.type == right.lines[y].entry.type;
  };
  std::vector<std::uint16_t> common((a + 1) * (b + 1), 0);
  const auto at = [&](std::size_t x, std::size_t y) -> std::uint16_t& { return common[x * (b + 1) + y]; };
  for (std::size_t x = a; x-- > 0;) {
    for (std::size_t y = b; y-- > 0;)
      at(x, y) =
          same_type(x, y) ? static_cast<std::uint16_t>(at(x + 1, y + 1) + 1) : std::max(at(x + 1, y), at(x, y + 1));
  }
  std::size_t x = 0, y = 0;
  while (x < a || y < b) {
    if (x < a && y < b && same_type(x, y)) {
      rows.push_back({x++, y++, false});
    } else if (y == b || (x < a && at(x + 1, y) >= at(x, y + 1))) {
      rows.push_back({x++, std::nullopt, false});
    } else {
      rows.push_back({std::nullopt, y++, false});
    }
  }
  return rows;
}

// Lines of `some` that do not stand in `others`.
std::vector<std::string> only_in(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  std::vector<std::string> only;
  for (const std::string& line : some) {
    if (std::ranges::find(others, line) == others.end()) only.push_back(line);
  }
  return only;
}

}  // namespace

HealDiff diff_of(const Timeline& left, const Timeline& right) {
  HealDiff diff;
  diff.rows = aligned(left, right);
  for (std::size_t index = 0; index < diff.rows.size(); ++index) {
    DiffRow& row = diff.rows[index];
    const auto on_left = row.left ? said(left.lines[*row.left]) : std::vector<std::string>{};
    const auto on_right = row.right ? said(right.lines[*row.right]) : std::vector<std::string>{};
    row.same = row.left && row.right && on_left == on_right;
    if (row.same || diff.first) continue;
    diff.first = index;
    diff.left_only = only_in(on_left, on_right);
    diff.right_only = only_in(on_right, on_left);
  }
  return diff;
}

}  // namespace autoheal::replay
