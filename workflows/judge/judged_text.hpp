// A JSON or YAML text as the judge of edits reads it: by simdjson and libyaml, which the editor does not use. Keeps the
// form of each scalar (characters, quotes, tag), because a typed value does not distinguish 1.10 from 1.1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/text/settings_format.hpp"

namespace autoheal::workflows {

struct JudgedNode {
  enum class Kind { scalar, list, map, alias } kind = Kind::scalar;
  std::string text;        // of a scalar: its characters; of JSON numbers and words: as they are written
  std::string tag;         // as libyaml resolves it, or empty
  char style = 'p';        // 'p' plain, '\'', '"', '|', '>' in YAML; '"' or 'r' raw in JSON
  std::size_t target = 0;  // of an alias
  struct Entry {
    std::size_t key = 0, value = 0;
  };
  std::vector<Entry> entries;
  std::vector<std::size_t> items;
};

using JudgedKind = JudgedNode::Kind;

struct JudgedText {
  SettingsFormat format = SettingsFormat::json;
  std::vector<JudgedNode> nodes;
  struct Document {
    std::size_t root = 0;
    std::string directives;  // %YAML and %TAG
  };
  std::vector<Document> documents;

  // The node itself, or what it repeats.
  [[nodiscard]] const JudgedNode& meant(std::size_t node) const {
    return nodes[node].kind == JudgedNode::Kind::alias ? nodes[nodes[node].target] : nodes[node];
  }
};

// Invalid, with line and column, for what the library does not take, and beyond the limits of settings_format.hpp.
[[nodiscard]] Result<JudgedText> judged_json(std::string_view text);
[[nodiscard]] Result<JudgedText> judged_yaml(std::string_view text);
[[nodiscard]] Result<JudgedText> judged_text(std::string_view text, SettingsFormat format);

// ---- what a scalar means

struct JudgedMeaning {
  // unclear: readers of YAML 1.1 and 1.2 differ; custom: it has a tag that only its program understands.
  enum class Kind { null, boolean, number, text, unclear, custom } kind = Kind::unclear;
  std::string text;  // of a number: as it is written; of a truth value: true or false
};
[[nodiscard]] JudgedMeaning meaning_of(const JudgedNode& scalar, SettingsFormat format);
// `wanted` is JSON text of a string, number, true, false or null.
[[nodiscard]] bool means(const JudgedMeaning& meaning, std::string_view wanted);

}  // namespace autoheal::workflows
