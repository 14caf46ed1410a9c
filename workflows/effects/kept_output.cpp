#include "autoheal/workflows/effects/kept_output.hpp"

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

std::string from_whole_line(const std::string& text) {
  const std::size_t latest = std::min(text.size(), longest_end_bytes);
  const auto line_end = text.find('\n');
  return text.substr(line_end == std::string::npos ? latest : std::min(latest, line_end + 1));
}

std::string known_for_whole(const std::string& text, std::size_t gap) {
  if (gap == 0 || gap > text.size()) return whole_lines(text);
  return whole_lines(text.substr(0, gap)) + "...\n" + from_whole_line(text.substr(gap));
}

// Behind the escape sequence that begins at `at`: colours, the cursor's place, a window's title.
std::size_t after_escape(std::string_view line, std::size_t at) {
  if (++at == line.size()) return at;
  const char kind = line[at++];
  if (kind == '[') {
    while (at < line.size() && (line[at] < '@' || line[at] > '~')) ++at;
    return std::min(at + 1, line.size());
  }
  if (kind != ']') return at;
  while (at < line.size() && line[at] != '\a' && line[at] != '\x1b') ++at;
  if (at < line.size() && line[at] == '\x1b') ++at;
  return std::min(at + 1, line.size());
}

// As a terminal would have shown it at last: a progress that was written over and over counts once.
std::string shown(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (const auto start = line.rfind('\r'); start != std::string_view::npos) line.remove_prefix(start + 1);
  std::string text;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == '\x1b') {
      at = after_escape(line, at);
      continue;
    }
    const auto byte = static_cast<unsigned char>(line[at++]);
    text += byte < 0x20 || byte == 0x7f ? ' ' : static_cast<char>(byte);
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

// At a character's beginning.
std::size_t cut_at(std::string_view line, std::size_t length) {
  while (length > 0 && length < line.size() && (static_cast<unsigned char>(line[length]) & 0xC0U) == 0x80U) --length;
  return length;
}

// Masked as one text, since a secret may begin in one stream and end in the other; then only its own part is told.
std::string what_it_says(const HealSecrets& secrets, const RunOutcome& ran) {
  const std::string both = secrets.mask(what_it_printed(ran));
  RunOutcome alone = ran;
  alone.standard_output.clear();
  const std::string error = secrets.mask(what_it_printed(alone));
  const bool blank = last_lines(error).empty();
  return blank || !both.ends_with(error) ? both : error;
}

}  // namespace

std::string what_it_printed(const RunOutcome& ran) {
  if (!ran.output_cut) return ran.standard_output + ran.standard_error;
  return known_for_whole(ran.standard_output, ran.standard_output_gap) +
         known_for_whole(ran.standard_error, ran.standard_error_gap);
}

LastLines last_lines(std::string_view text) {
  LastLines lines;
  std::size_t length = 0;
  bool more = false;
  while (!text.empty() && !more) {
    const auto line_end = text.rfind('\n');
    std::string line = shown(line_end == std::string_view::npos ? text : text.substr(line_end + 1));
    text = line_end == std::string_view::npos ? std::string_view() : text.substr(0, line_end);
    if (line.empty()) continue;
    more = lines.size() == most_shown_lines || length + line.size() > longest_shown_bytes;
    if (more && !lines.empty()) break;
    line.resize(cut_at(line, std::min(line.size(), longest_shown_bytes)));
    length += line.size();
    lines.push_back(std::move(line));
  }
  std::ranges::reverse(lines);
  if (more) lines.front().insert(0, "... ");
  return lines;
}

std::string with_lines(std::string sentence, const LastLines& lines) {
  for (std::size_t index = 0; index < lines.size(); ++index) sentence += (index == 0 ? ": " : " | ") + lines[index];
  return sentence;
}

RunFailure failure_of(const HealSecrets& secrets, const RunOutcome& ran) {
  RunFailure failed;
  failed.last_lines = last_lines(what_it_says(secrets, ran));
  failed.message = with_lines(ran.timed_out         ? "did not end within its time limit"
                              : ran.message.empty() ? "exit status " + std::to_string(ran.exit_code)
                                                    : secrets.mask(ran.message),
                              failed.last_lines);
  return failed;
}

BlobName keep_output(const HealSecrets& secrets, engine::BlobStore& blobs, const std::string& printed) {
  const std::string output = secrets.mask(printed);
  if (output.empty()) return {};
  return blobs.put(output, engine::BlobNaming::plain).value_or(BlobName{});
}

}  // namespace autoheal::workflows
