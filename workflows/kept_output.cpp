#include "workflows/kept_output.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

constexpr std::size_t longest_end_bytes = 4096;

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

BlobName keep_output(const HealSurroundings& at, const std::string& printed) {
  const std::string output = at.mask(printed);
  if (output.empty()) return {};
  return at.blobs.put(output, engine::BlobNaming::plain).value_or(BlobName{});
}

}  // namespace autoheal::workflows
