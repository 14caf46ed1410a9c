// A place in a YAML text, and the scalars that begin there: quoted, plain over one or more lines, and block texts.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/edit/yaml_node.hpp"

namespace autoheal::workflows {

struct YamlCursor {
  std::string_view text;
  std::size_t at = 0;

  [[nodiscard]] char peek(std::size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  [[nodiscard]] bool at_end() const { return at >= text.size(); }
  [[nodiscard]] bool at_break() const { return peek() == '\n' || peek() == '\r'; }
  // Whether the byte `ahead` is a blank, a line end, or the end of the text.
  [[nodiscard]] bool is_blank_or_end(std::size_t ahead) const;
  [[nodiscard]] std::size_t line_begin() const;
  [[nodiscard]] std::size_t column() const { return at - line_begin(); }
  // "---" or "..." at the beginning of a line.
  [[nodiscard]] bool at_document_marker() const;
  void skip_blanks();
  void skip_break();
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view why, std::string hint = {}) const;
};

// Where a plain text ends on its line, without blanks behind it, and at which byte it stopped.
struct PlainEnd {
  std::size_t end = 0, stop = 0;
};
[[nodiscard]] PlainEnd end_of_plain(std::string_view text, std::size_t at, bool in_flow);

// Whether a plain text may begin here.
[[nodiscard]] bool begins_plain(const YamlCursor& cursor, bool in_flow);

// Each leaves the cursor behind the scalar, and gives the node its text, style and end. Lines that go on need
// `least_column` blanks before them.
[[nodiscard]] Result<void> read_quoted(YamlCursor& cursor, YamlNode& node);
[[nodiscard]] Result<void> read_plain(YamlCursor& cursor, YamlNode& node, std::size_t least_column);
[[nodiscard]] Result<void> read_block_text(YamlCursor& cursor, YamlNode& node, std::size_t least_column);

}  // namespace autoheal::workflows
