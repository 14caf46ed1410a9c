#include "autoheal/replay/text/content_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace autoheal::replay {

namespace {

constexpr std::size_t around = 2;             // lines that stand beside a difference
constexpr std::size_t most_compared = 1'500;  // lines of each side whose best match is looked for

using Lines = std::vector<std::string_view>;

struct Line {
  char mark;
  std::string_view text;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const bool whole = text[end] == '\n';
    lines.push_back(text.substr(0, whole ? end : end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// The longest common subsequence of both, as marked lines; sides that are too long are shown one after the other.
void compare(const Lines& before, const Lines& after, std::vector<Line>& out) {
  if (before.size() > most_compared || after.size() > most_compared) {
    for (const auto line : before) out.push_back({'-', line});
    for (const auto line : after) out.push_back({'+', line});
    return;
  }
  const std::size_t columns = after.size() + 1;
  std::vector<std::uint16_t> common((before.size() + 1) * columns, 0);  // of what follows each pair of places
  for (std::size_t row = before.size(); row-- > 0;) {
    for (std::size_t column = after.size(); column-- > 0;) {
      common[row * columns + column] =
          before[row] == after[column]
              ? static_cast<std::uint16_t>(common[(row + 1) * columns + column + 1] + 1)
              : std::max(common[(row + 1) * columns + column], common[row * columns + column + 1]);
    }
  }
  std::size_t row = 0, column = 0;
  while (row < before.size() || column < after.size()) {
    if (row < before.size() && column < after.size() && before[row] == after[column]) {
      out.push_back({' ', before[row++]});
      ++column;
    } else if (column == after.size() ||
               (row < before.size() && common[(row + 1) * columns + column] >= common[row * columns + column + 1])) {
      out.push_back({'-', before[row++]});
    } else {
      out.push_back({'+', after[column++]});
    }
  }
}

bool is_binary(std::string_view text) { return text.substr(0, 8'000).find('\0') != std::string_view::npos; }

}  // namespace

std::vector<std::string> content_diff(std::string_view before, std::string_view after, std::size_t most_lines) {
  if (before == after) return {};
  if (is_binary(before) || is_binary(after))
    return {fmt::format("binary: {} bytes become {}", before.size(), after.size())};
  Lines old = lines_of(before), young = lines_of(after);
  const auto head = static_cast<std::size_t>(std::ranges::mismatch(old, young).in1 - old.begin());
  std::size_t tail = 0;
  while (tail < std::min(old.size(), young.size()) - head &&
         old[old.size() - 1 - tail] == young[young.size() - 1 - tail])
    ++tail;
  std::vector<Line> marked;
  for (std::size_t index = head - std::min(head, around); index < head; ++index) marked.push_back({' ', old[index]});
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head), lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  compare(middle(old), middle(young), marked);
  for (std::size_t index = 0; index < std::min(tail, around); ++index)
    marked.push_back({' ', old[old.size() - tail + index]});
  std::vector<std::string> text;
  std::size_t shown_until = 0;  // of `marked`
  for (std::size_t index = 0; index < marked.size(); ++index) {
    if (marked[index].mark == ' ') {
      const auto from = marked.begin() + static_cast<std::ptrdiff_t>(index - std::min(index, around));
      const auto to = marked.begin() + static_cast<std::ptrdiff_t>(std::min(index + around + 1, marked.size()));
      if (std::all_of(from, to, [](const Line& line) { return line.mark == ' '; })) continue;
    }
    if (text.size() >= most_lines) {
      text.emplace_back("...");
      break;
    }
    if (index > shown_until) text.emplace_back("  ...");
    shown_until = index + 1;
    text.push_back(std::string(1, marked[index].mark) + " " + std::string(marked[index].text));
  }
  // The same lines, but one side has no newline at its end.
  if (text.empty())
    text.emplace_back(before.ends_with('\n') ? "the newline at the end goes" : "a newline at the end comes");
  return text;
}

}  // namespace autoheal::replay
