#include "tools/host/release/release_manifest.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <climits>
#include <numeric>
#include <optional>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::host {

namespace {

constexpr std::size_t digest_digits = 64;

std::unexpected<Error> refused_line(std::size_t index, const std::string& why) {
  return failure(ErrorKind::invalid, fmt::format("line {}: {}", index + 1, why));
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool has_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F.
    if (byte == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  }
  return false;
}

// Nothing if a backslash is followed by what sha256sum never writes.
std::optional<std::string> unescaped(std::string_view written) {
  std::string name;
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (written[at] != '\\') {
      name += written[at];
      continue;
    }
    if (++at == written.size()) return std::nullopt;
    if (written[at] == '\\') {
      name += '\\';
    } else if (written[at] == 'n') {
      name += '\n';
    } else if (written[at] == 'r') {
      name += '\r';
    } else {
      return std::nullopt;
    }
  }
  return name;
}

Result<ManifestLine> parse_line(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  const std::string_view digest = line.substr(0, digest_digits);
  const std::string_view gap = line.substr(digest.size(), 2);
  if (digest.size() < digest_digits || !std::ranges::all_of(digest, is_hex) || (gap != "  " && gap != " *"))
    return failure(ErrorKind::invalid, "not a SHA-256 digest, two spaces and a name, as sha256sum writes them");
  const std::string_view written = line.substr(digest_digits + gap.size());
  const auto name = escaped ? unescaped(written) : std::string(written);
  if (!name) return failure(ErrorKind::invalid, "a backslash in the name that escapes nothing");
  const std::string path = name->starts_with("./") ? name->substr(2) : *name;
  AUTOHEAL_TRY(check_listed_path(path));
  return ManifestLine{path, ascii::lowered(std::string(digest))};
}

// The lines' numbers, from 0, in the order that `before` makes of their paths; of equal ones the first comes first.
template <class Before>
std::vector<std::size_t> in_order(const std::vector<ManifestLine>& lines, const Before& before) {
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (before(lines[a].path, lines[b].path)) return true;
    return a < b && !before(lines[b].path, lines[a].path);
  });
  return order;
}

Result<void> check_no_path_twice(const std::vector<ManifestLine>& lines) {
  const auto before = [](const std::string& a, const std::string& b) {
    return std::ranges::lexicographical_compare(a, b, {}, ascii::to_lower, ascii::to_lower);
  };
  const auto order = in_order(lines, before);
  for (std::size_t at = 1; at < order.size(); ++at) {
    const std::string& path = lines[order[at]].path;
    const std::string& other = lines[order[at - 1]].path;
    if (before(other, path)) continue;
    const std::string earlier = fmt::format("line {}", order[at - 1] + 1);
    return refused_line(
        order[at],
        shown_path(path) + (path == other ? " already stands in " + earlier
                                          : fmt::format(" differs from {} in {} only by upper and lower case",
                                                        shown_path(other), earlier)));
  }
  return {};
}

Result<void> check_no_file_is_a_folder(const std::vector<ManifestLine>& lines) {
  // The slash before every other byte: what lies below a path follows right behind it.
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  const auto order = in_order(lines, [&](const std::string& a, const std::string& b) {
    return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
  });
  for (std::size_t at = 1; at < order.size(); ++at) {
    const std::string& file = lines[order[at - 1]].path;
    const std::string& path = lines[order[at]].path;
    if (path.size() <= file.size() || path[file.size()] != '/' || !path.starts_with(file)) continue;
    return refused_line(std::max(order[at], order[at - 1]),
                        fmt::format("{} lies below {}, which is listed as a file", shown_path(path), shown_path(file)));
  }
  return {};
}

}  // namespace

std::string shown_path(std::string_view path) {
  constexpr std::size_t longest = 200;
  std::string shown = valid_utf8(path.substr(0, longest));
  std::ranges::replace_if(shown, [](char c) { return has_control({&c, 1}); }, '?');
  return path.size() > longest ? shown + "..." : shown;
}

Result<void> check_listed_path(std::string_view path) {
  const auto refuse = [&](const std::string& why) {
    return failure(ErrorKind::invalid, fmt::format("\"{}\" {}", shown_path(path), why));
  };
  if (path.empty()) return refuse("is no name");
  if (path.front() == '/') return refuse("is an absolute path");
  if (path.back() == '/') return refuse("ends in a slash");
  if (path.size() > PATH_MAX) return refuse(fmt::format("is longer than {} bytes", PATH_MAX));
  if (valid_utf8(path) != path) return refuse("is not UTF-8");
  if (has_control(path)) return refuse("has a control character in it");
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return refuse("has a component that is empty, \".\" or \"..\"");
    if (part.size() > NAME_MAX) return refuse(fmt::format("has a component that is longer than {} bytes", NAME_MAX));
    start = end + 1;
  }
  return {};
}

Result<std::vector<ManifestLine>> parse_manifest(std::string_view text) {
  if (text.empty()) return failure(ErrorKind::invalid, "it is empty");
  if (text.size() > most_manifest_text)
    return failure(ErrorKind::invalid, fmt::format("it is larger than {} bytes", most_manifest_text));
  const auto count = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (count > most_manifest_lines)
    return refused_line(most_manifest_lines, fmt::format("more than {} lines", most_manifest_lines));
  std::vector<ManifestLine> lines;
  lines.reserve(count);
  while (!text.empty()) {
    const auto end = text.find('\n');
    // sha256sum ends every line: this one may have lost the rest of its name.
    if (end == std::string_view::npos) return refused_line(lines.size(), "cut off: it does not end in a line feed");
    auto line = parse_line(text.substr(0, end));
    if (!line) return refused_line(lines.size(), line.error().message);
    lines.push_back(std::move(*line));
    text.remove_prefix(end + 1);
  }
  AUTOHEAL_TRY(check_no_path_twice(lines));
  AUTOHEAL_TRY(check_no_file_is_a_folder(lines));
  return lines;
}

std::string manifest_text(const std::vector<ManifestLine>& lines) {
  std::string text;
  for (const ManifestLine& line : lines) {
    if (line.path.find('\\') != std::string::npos) text += '\\';
    text += line.digest + "  ";
    if (line.path == "-") text += "./";  // alone it means standard input to sha256sum
    for (const char c : line.path) text += c == '\\' ? std::string("\\\\") : std::string(1, c);
    text += '\n';
  }
  return text;
}

}  // namespace autoheal::host
