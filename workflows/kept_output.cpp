#include "workflows/kept_output.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

constexpr std::size_t longest_end_bytes = 4096;
constexpr std::size_t most_shown_lines = 8, longest_shown_bytes = 1000;

std::string whole_lines(const std::string& text) {
  const std::size_t earliest = text.size() - std::min(text.size(), longest_end_bytes);
  const auto line_end = text.rfind('\n');
  return text.substr(0, line_end == std::string::npos ? earliest : std::max(earliest, line_end + 1));
}

}  // namespace

std::string what_it_printed(const RunOutcome& ran) {
  if (!ran.output_cut) return ran.standard_output + ran.standard_error;
  return whole_lines(ran.standard_output) + whole_lines(ran.standard_error);
}

std::string last_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t length = 0;
  bool more = false;
  while (!text.empty() && !more) {
    const auto line_end = text.rfind('\n');
    std::string_view line = line_end == std::string_view::npos ? text : text.substr(line_end + 1);
    text = line_end == std::string_view::npos ? std::string_view() : text.substr(0, line_end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    more = lines.size() == most_shown_lines || length + line.size() > longest_shown_bytes;
    if (more && !lines.empty()) break;
    lines.push_back(line.substr(0, longest_shown_bytes));
    length += line.size();
  }
  std::string shown = more ? "... " : "";
  for (std::size_t index = lines.size(); index-- > 0;) shown += std::string(lines[index]) + (index > 0 ? " | " : "");
  return shown;
}

BlobName keep_output(const HealSurroundings& at, const std::string& printed) {
  const std::string output = at.mask(printed);
  if (output.empty()) return {};
  return at.blobs.put(output, engine::BlobNaming::plain).value_or(BlobName{});
}

}  // namespace autoheal::workflows
