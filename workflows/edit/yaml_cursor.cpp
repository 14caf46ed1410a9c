#include "autoheal/workflows/edit/yaml_cursor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/text/text_places.hpp"

namespace autoheal::workflows {

namespace {

bool is_yaml_blank(char c) { return c == ' ' || c == '\t'; }
bool is_yaml_break(char c) { return c == '\n' || c == '\r'; }
bool is_flow_sign(char c) { return std::string_view(",[]{}").contains(c); }

// The cursor stands at a line end: goes to what follows, and adds what the lines between stand for.
Result<void> fold(YamlCursor& cursor, std::string& out) {
  std::size_t breaks = 0;
  while (cursor.at_break()) {
    cursor.skip_break();
    ++breaks;
    if (cursor.at_document_marker())
      return cursor.wrong("a document ends or begins here, within a text", "close the text before");
    cursor.skip_blanks();
  }
  out += breaks == 1 ? " " : std::string(breaks - 1, '\n');
  return {};
}

// Behind the backslash.
Result<void> read_escape(YamlCursor& cursor, std::string& out) {
  constexpr std::string_view names = "0abt\tnvfre \"/\\";
  constexpr std::string_view meanings("\0\a\b\t\t\n\v\f\r\x1b \"/\\", names.size());
  const char name = cursor.peek();
  if (const auto known = names.find(name); !cursor.at_end() && known != std::string_view::npos) {
    out += meanings[known];
    ++cursor.at;
    return {};
  }
  if (name == 'N' || name == '_' || name == 'L' || name == 'P') {
    append_utf8(out, name == 'N' ? 0x85 : name == '_' ? 0xA0 : name == 'L' ? 0x2028 : 0x2029);
    ++cursor.at;
    return {};
  }
  const std::size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
  const std::string_view hex = cursor.text.substr(std::min(cursor.at + 1, cursor.text.size())).substr(0, digits);
  const auto code = parse_number<unsigned>(hex, 16);
  if (digits == 0 || hex.size() < digits || !code)
    return cursor.wrong("YAML has no such escape", "write a backslash as \\\\, or the text in single quotes");
  if (*code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))
    return cursor.wrong("this escape stands for no character");
  append_utf8(out, *code);
  cursor.at += 1 + digits;
  return {};
}

struct BlockHeader {
  char chomping = 0;
  std::size_t indentation = 0;  // 0: as the first line has it
};

Result<BlockHeader> read_header(YamlCursor& cursor, YamlNode& node) {
  BlockHeader header;
  for (; cursor.peek() == '+' || cursor.peek() == '-' || (cursor.peek() > '0' && cursor.peek() <= '9'); ++cursor.at) {
    if (cursor.peek() == '+' || cursor.peek() == '-') {
      header.chomping = cursor.peek();
    } else {
      header.indentation = static_cast<std::size_t>(cursor.peek() - '0');
    }
  }
  if (!cursor.is_blank_or_end(0)) return cursor.wrong("behind | or > stands what does not belong there");
  node.end = cursor.at;
  cursor.skip_blanks();
  const std::size_t comment = cursor.at;
  if (!cursor.at_end() && !cursor.at_break() && cursor.peek() != '#')
    return cursor.wrong("a block text begins on the line below | or >");
  while (!cursor.at_end() && !cursor.at_break()) ++cursor.at;
  node.header_comment = cursor.text.substr(comment, cursor.at - comment);
  cursor.skip_break();
  return header;
}

// Blanks before the first line that has more.
std::size_t found_indentation(YamlCursor cursor) {
  std::size_t most = 0;
  while (!cursor.at_end()) {
    const std::size_t begin = cursor.at;
    while (cursor.peek() == ' ') ++cursor.at;
    most = std::max(most, cursor.at - begin);
    if (!cursor.at_break()) break;
    cursor.skip_break();
  }
  return most;
}

struct BlockLine {
  std::string_view text;
  bool ends = false;  // by a line end
};

std::string joined(const std::vector<BlockLine>& lines, char style) {
  const auto is_special = [](std::string_view line) { return !line.empty() && is_yaml_blank(line[0]); };
  std::string out;
  std::string_view last;  // that is not empty
  bool any = false;
  std::size_t breaks = 0;
  for (const BlockLine& line : lines) {
    if (line.text.empty()) {
      breaks += line.ends ? 1 : 0;
      continue;
    }
    const bool folds = style == '>' && any && !is_special(last) && !is_special(line.text);
    if (folds) {
      out += breaks == 1 ? " " : std::string(breaks - 1, '\n');
    } else {
      out += std::string(breaks, '\n');
    }
    out += line.text;
    last = line.text;
    any = true;
    breaks = line.ends ? 1 : 0;
  }
  return out;
}

}  // namespace

bool YamlCursor::is_blank_or_end(std::size_t ahead) const {
  return at + ahead >= text.size() || is_yaml_blank(text[at + ahead]) || is_yaml_break(text[at + ahead]);
}

std::size_t YamlCursor::line_begin() const {
  std::size_t begin = at;
  while (begin > 0 && !is_yaml_break(text[begin - 1])) --begin;
  return begin == 0 ? std::min(at, byte_order_mark(text)) : begin;
}

bool YamlCursor::at_document_marker() const {
  const std::string_view here = text.substr(std::min(at, text.size()), 3);
  return (here == "---" || here == "...") && is_blank_or_end(3) && column() == 0;
}

void YamlCursor::skip_blanks() {
  while (is_yaml_blank(peek())) ++at;
}

void YamlCursor::skip_break() {
  if (peek() == '\r' && peek(1) == '\n') ++at;
  if (at_break()) ++at;
}

std::unexpected<Error> YamlCursor::wrong(std::string_view why, std::string hint) const {
  return failure(ErrorKind::invalid, fmt::format("the file is not understood at {}: {}", place_in(text, at), why),
                 std::move(hint));
}

PlainEnd end_of_plain(std::string_view text, std::size_t at, bool in_flow) {
  PlainEnd found{at, at};
  for (; found.stop < text.size() && !is_yaml_break(text[found.stop]); ++found.stop) {
    const char one = text[found.stop];
    const char next = found.stop + 1 < text.size() ? text[found.stop + 1] : '\n';
    if (one == ':' && (is_yaml_blank(next) || is_yaml_break(next) || (in_flow && is_flow_sign(next)))) break;
    if (one == '#' && found.stop > 0 && (is_yaml_blank(text[found.stop - 1]) || found.stop == at)) break;
    if (in_flow && is_flow_sign(one)) break;
    if (!is_yaml_blank(one)) found.end = found.stop + 1;
  }
  return found;
}

bool begins_plain(const YamlCursor& cursor, bool in_flow) {
  const char first = cursor.peek();
  if (cursor.at_end() || cursor.is_blank_or_end(0)) return false;
  if (first == '-' || first == '?' || first == ':')
    return !cursor.is_blank_or_end(1) && !(in_flow && is_flow_sign(cursor.peek(1)));
  return !std::string_view(",[]{}#&*!|>'\"%@`").contains(first);
}

Result<void> read_quoted(YamlCursor& cursor, YamlNode& node) {
  const char quote = node.style = cursor.peek();
  const YamlCursor begin = cursor;
  std::size_t kept = 0;  // of the text: blanks behind it go where the line ends
  ++cursor.at;
  while (true) {
    if (cursor.at_end()) return begin.wrong("the quote that opens here is never closed");
    const char one = cursor.peek();
    if (one == quote && !(quote == '\'' && cursor.peek(1) == '\'')) break;
    if (cursor.at_break()) {
      node.text.resize(kept);
      if (auto folded = fold(cursor, node.text); !folded) return folded;
      kept = node.text.size();
    } else if (quote == '"' && one == '\\' && is_yaml_break(cursor.peek(1))) {
      ++cursor.at;
      std::string lines;
      if (auto folded = fold(cursor, lines); !folded) return folded;
      if (lines != " ") node.text += lines;
      kept = node.text.size();
    } else if (quote == '"' && one == '\\') {
      ++cursor.at;
      if (auto read = read_escape(cursor, node.text); !read) return read;
      kept = node.text.size();
    } else {
      cursor.at += one == '\'' && quote == '\'' ? 2 : 1;
      node.text += one;
      if (!is_yaml_blank(one)) kept = node.text.size();
    }
  }
  node.end = node.value_end = ++cursor.at;
  return {};
}

Result<void> read_plain(YamlCursor& cursor, YamlNode& node, std::size_t least_column) {
  node.style = 'p';
  PlainEnd line = end_of_plain(cursor.text, cursor.at, node.in_flow);
  node.text = cursor.text.substr(cursor.at, line.end - cursor.at);
  node.end = cursor.at = line.end;
  while (line.stop >= cursor.text.size() || is_yaml_break(cursor.text[line.stop])) {
    YamlCursor next{cursor.text, line.stop};
    std::size_t breaks = 0;
    for (; next.at_break(); ++breaks) {
      next.skip_break();
      next.skip_blanks();
    }
    if (next.at_end() || breaks == 0 || next.peek() == '#' || next.at_document_marker()) break;
    const std::size_t begin = next.line_begin();
    const auto tab = cursor.text.substr(begin, next.at - begin).find('\t');
    if (!node.in_flow && std::min(tab, next.at - begin) < least_column) {
      if (tab == std::string_view::npos) break;
      return next.wrong("a tab indents this line, which YAML does not allow", "indent it with blanks");
    }
    const PlainEnd more = end_of_plain(cursor.text, next.at, node.in_flow);
    if (node.in_flow && more.end == next.at) break;
    if (!node.in_flow && more.stop < cursor.text.size() && cursor.text[more.stop] == ':') {
      return next.wrong("this line goes on with the text above it, and has a colon",
                        "indent it as its neighbours are, or put the text in quotes");
    }
    node.text += breaks == 1 ? " " : std::string(breaks - 1, '\n');
    node.text += cursor.text.substr(next.at, more.end - next.at);
    line = more;
    node.end = cursor.at = line.end;
  }
  node.value_end = node.end;
  return {};
}

Result<void> read_block_text(YamlCursor& cursor, YamlNode& node, std::size_t least_column) {
  node.style = cursor.peek();
  ++cursor.at;
  const auto header = read_header(cursor, node);
  AUTOHEAL_TRY(header);
  const std::size_t outer = least_column == 0 ? 0 : least_column - 1;
  const std::size_t indentation = header->indentation > 0
                                      ? outer + header->indentation
                                      : std::max({found_indentation(cursor), least_column, std::size_t{1}});
  std::vector<BlockLine> lines;
  std::size_t kept_end = cursor.at;
  while (!cursor.at_end()) {
    YamlCursor line = cursor;
    while (line.peek() == ' ' && line.at - cursor.at < indentation) ++line.at;
    const bool is_indented = line.at - cursor.at == indentation;
    if (!is_indented && !line.at_break() && !line.at_end()) break;
    const std::size_t begin = line.at;
    while (!line.at_end() && !line.at_break()) ++line.at;
    const std::string_view content = cursor.text.substr(begin, line.at - begin);
    lines.push_back({content, !line.at_end()});
    if (!content.empty()) node.end = line.at;
    // Blanks at the end of the file are no line of the text; a line break behind them would make them one.
    const bool is_line = !content.empty() || !line.at_end();
    line.skip_break();
    cursor = line;
    if (is_line) kept_end = cursor.at;
  }
  node.text = joined(lines, node.style);
  std::size_t breaks = 0;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    breaks += line->ends ? 1 : 0;
    if (!line->text.empty()) break;
  }
  if (header->chomping == '+') node.text += std::string(breaks, '\n');
  if (header->chomping == 0 && !node.text.empty() && breaks > 0) node.text += '\n';
  node.value_end = header->chomping == '+' ? kept_end : node.end;
  return {};
}

}  // namespace autoheal::workflows
