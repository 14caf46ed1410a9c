#include "autoheal/workflows/edit/settings_yaml.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "autoheal/workflows/edit/yaml_places.hpp"
#include "autoheal/workflows/edit/yaml_ways.hpp"
#include "autoheal/workflows/text/text_places.hpp"

namespace autoheal::workflows {

namespace {

using Text = Result<std::string>;

constexpr std::size_t longest_yaml_name = 1024;  // as it is written, before its colon (YAML 1.2, 7.4.2)
constexpr std::string_view restore_it = "restore the whole file with `files`";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_null(const YamlNode& node) {
  if (node.kind != YamlKind::scalar || !is_one_of(node.tag, {"", "!!null"})) return false;
  return node.style == 'e' || (node.style == 'p' && is_one_of(node.text, {"~", "null", "Null", "NULL"}));
}

bool is_as_wanted(const YamlNode& node, const WantedScalar& wanted) {
  if (node.kind != YamlKind::scalar) return false;
  const bool is_plain = node.style == 'p';
  switch (wanted.kind) {
    case WantedScalar::Kind::null:
      return is_null(node);
    case WantedScalar::Kind::boolean:
      if (!is_plain || !node.tag.empty()) return false;
      return wanted.text == "true" ? is_one_of(node.text, {"true", "True", "TRUE"})
                                   : is_one_of(node.text, {"false", "False", "FALSE"});
    case WantedScalar::Kind::number:
      return is_plain && node.tag.empty() && node.text == wanted.text;
    case WantedScalar::Kind::text:
      break;
  }
  if (node.text != wanted.text || node.style == 'e') return false;
  if (node.tag == "!!str" || node.tag == "!") return true;
  return node.tag.empty() && (!is_plain || !looks_special(node.text));
}

// As the line at `at` ends; else as the first one.
std::string line_end_at(std::string_view text, std::size_t at) {
  std::size_t found = text.find_first_of("\r\n", at);
  if (found == std::string_view::npos) found = text.find_first_of("\r\n");
  if (found == std::string_view::npos) return "\n";
  return text.substr(found).starts_with("\r\n") ? "\r\n" : std::string(1, text[found]);
}

class YamlEditor {
 public:
  YamlEditor(std::string_view text, const YamlStream& stream, const Tokens& tokens, const DeclaredSettings& declared)
      : text_(text), stream_(stream), tokens_(tokens), declared_(declared), wanted_(declared.at(tokens)) {}

  Text edit(std::size_t root) {
    way_ = {root};
    for (std::size_t depth = 0; depth < tokens_.size(); ++depth) {
      const bool is_last = depth + 1 == tokens_.size();
      const auto next = step(tokens_[depth], is_last);
      AUTOHEAL_TRY(next);
      if (!*next) return with_name();
      way_.push_back(**next);
    }
    return with_value();
  }

 private:
  const YamlNode& here() const { return stream_[way_.back()]; }
  std::string line_of(const YamlNode& node) const { return place_in(text_, node.begin); }

  // The node below `here`; nothing if it is missing and may be added.
  Result<std::optional<std::size_t>> step(const std::string& token, bool is_last) const {
    switch (here().kind) {
      case YamlKind::map:
        return step_in_map(token, is_last);
      case YamlKind::list:
        if (const auto item = list_item(here(), token)) return item;
        return failure(ErrorKind::invalid, "the list has no element " + token, "its elements are counted from 0");
      case YamlKind::alias:
        return alias_on_the_way();
      case YamlKind::scalar:
        break;
    }
    if (is_null(here()) && is_last) return std::nullopt;
    return failure(ErrorKind::invalid, "\"" + token + "\" would lie below a single value");
  }

  Result<std::optional<std::size_t>> step_in_map(const std::string& token, bool is_last) const {
    if (token == "<<")
      return failure(ErrorKind::invalid, "<< merges other maps and is no value", "name the value that is to be set");
    const auto own = own_entries(stream_, here(), token);
    if (own.size() > 1) {
      return failure(ErrorKind::invalid,
                     fmt::format("\"{}\" stands twice, at {} and at {}, and readers differ on which of them counts",
                                 token, line_of(stream_[own[0].key]), line_of(stream_[own[1].key])),
                     "take one of them out");
    }
    if (!own.empty()) return own.front().value;
    if (is_last) return std::nullopt;
    if (const auto from = merged_value(stream_, here(), token)) {
      return failure(
          ErrorKind::invalid,
          fmt::format("\"{}\" comes from a merge (<<) of what stands at {}, so it has no place of its own here", token,
                      line_of(stream_.meant(*from))),
          "write it out here, or set it where it stands");
    }
    return failure(ErrorKind::invalid, fmt::format("there is no \"{}\" on the way to it", token),
                   fmt::format("only the last name may be missing; {}", restore_it));
  }

  std::unexpected<Error> alias_on_the_way() const {
    const YamlNode& named = stream_.meant(way_.back());
    return failure(ErrorKind::invalid,
                   fmt::format("the way to it goes through the alias *{} ({}), whose values stand at {}", here().anchor,
                               line_of(here()), line_of(named)),
                   "set it where they stand, with every place that repeats them, or write the values out here");
  }

  Text with_value() {
    const YamlNode& meant = stream_.meant(way_.back());
    const char quote = quote_of_value();
    const auto scalar = as_yaml(wanted_, quote, here().in_flow);
    if (!scalar) return scalar;
    if (is_as_wanted(meant, wanted_)) return std::string(text_);
    if (meant.kind != YamlKind::scalar) {
      return failure(ErrorKind::invalid,
                     std::string(meant.kind == YamlKind::map ? "an object" : "a list") +
                         " stands there, and a single value would replace all of it",
                     "name a value within it, or " + std::string(restore_it));
    }
    return with_content(*scalar);
  }

  // As the old value; where names stand in double quotes, as in JSON, texts do, too.
  char quote_of_value() const {
    if (here().style == '\'' || here().style == '"') return here().style;
    const YamlNode& above = stream_[here().parent];
    const auto entry = std::ranges::find(above.entries, way_.back(), &YamlEntry::value);
    return here().in_flow && entry != above.entries.end() && stream_[entry->key].style == '"' ? '"' : '\0';
  }

  // `written` in place of the scalar or alias here, behind its anchor.
  Text with_content(const std::string& written) {
    const YamlNode& node = here();
    if (node.kind == YamlKind::scalar &&
        !is_one_of(node.tag, {"", "!", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp"})) {
      return failure(
          ErrorKind::invalid,
          fmt::format("the value has the tag {} ({}), and what that means is for the program to say that reads it",
                      node.tag, line_of(node)),
          fmt::format("take the tag away, or {}", restore_it));
    }
    AUTOHEAL_TRY(check_other_places(text_, stream_, way_, tokens_, declared_));
    std::string out = written;
    if (node.kind == YamlKind::scalar && !node.anchor.empty()) out = "&" + node.anchor + " " + out;
    if (node.begin == node.end) {
      const char before = node.begin > 0 ? text_[node.begin - 1] : ' ';
      out = (before == ':' || before == '-' ? " " : node.in_flow ? ": " : "") + out;
    }
    const std::string_view old = text_.substr(node.begin, node.end - node.begin);
    const bool is_block_text = node.style == '|' || node.style == '>';
    if (is_block_text && !node.header_comment.empty() && old.find_first_of("\r\n") != std::string_view::npos)
      out += " " + node.header_comment;
    return replaced(node.begin, node.end, out);
  }

  // The last token is missing: a new entry of the map here, or the first one of what is null.
  Text with_name() {
    const auto merged = here().kind == YamlKind::map ? merged_value(stream_, here(), tokens_.back()) : std::nullopt;
    if (merged && is_as_wanted(stream_.meant(*merged), wanted_)) return std::string(text_);
    AUTOHEAL_TRY(check_other_places(text_, stream_, way_, tokens_, declared_));
    const YamlNode& node = here();
    const YamlNode* above = way_.size() > 1 ? &stream_[way_[way_.size() - 2]] : nullptr;
    if (node.kind == YamlKind::map) return node.style == 'f' ? with_flow_entry(node) : with_block_entry(node);
    const bool has_own_lines =
        node.begin == node.end && above != nullptr && above->style == 'b' && above->kind == YamlKind::map;
    const auto member = entry_text(!has_own_lines, '\0');
    if (!member) return member;
    if (!has_own_lines) return with_content("{" + *member + "}");
    return with_line_after(node.end, above->column + indentation_step(), *member);
  }

  Text entry_text(bool in_flow, char key_quote) const {
    const auto scalar = as_yaml(wanted_, key_quote == '"' ? '"' : '\0', in_flow);
    if (!scalar) return scalar;
    const auto key = as_yaml({WantedScalar::Kind::text, tokens_.back(), {}}, key_quote, in_flow);
    if (!key) return key;
    if (key->size() > longest_yaml_name) {
      return failure(ErrorKind::invalid, fmt::format("the name takes {} bytes, and readers of YAML take at most {}",
                                                     key->size(), longest_yaml_name));
    }
    return *key + ": " + *scalar;
  }

  static char quote_of(const YamlNode& key) { return key.style == '"' || key.style == '\'' ? key.style : '\0'; }

  // As the first name of the map is quoted; in an empty one, as the name that it stands under.
  char quote_of_names(const YamlNode& map) const {
    if (!map.entries.empty()) return quote_of(stream_[map.entries.front().key]);
    for (const YamlEntry& entry : stream_[map.parent].entries) {
      if (entry.value == way_.back() && map.in_flow) return quote_of(stream_[entry.key]);
    }
    return '\0';
  }

  Text with_flow_entry(const YamlNode& map) const {
    const bool is_empty = map.entries.empty();
    const auto member = entry_text(true, quote_of_names(map));
    if (!member) return member;
    if (is_empty) {
      const std::size_t inside = map.content + 1;
      return replaced(inside, inside, (text_[inside] == ' ' ? " " : "") + *member);
    }
    const std::size_t first = stream_[map.entries.front().key].begin;
    const std::string_view before = text_.substr(map.content + 1, first - map.content - 1);
    const auto line = before.find_last_of("\r\n");
    const std::string gap =
        line == std::string_view::npos ? " " : line_end_at(text_, map.content) + std::string(before.substr(line + 1));
    return replaced(first, first, *member + "," + gap);
  }

  Text with_block_entry(const YamlNode& map) const {
    const YamlNode& last_key = stream_[map.entries.back().key];
    const auto member = entry_text(false, quote_of_names(map));
    if (!member) return member;
    const bool cut_off = text_.find_first_of("\r\n", map.end) == std::string_view::npos && ends_in_block_text(map);
    if (!cut_off) return with_line_after(map.value_end, map.column, *member);
    // A line end behind a block text would become part of it: the new name stands before the last one.
    return replaced(last_key.begin, last_key.begin,
                    *member + line_end_at(text_, last_key.begin) + std::string(map.column, ' '));
  }

  bool ends_in_block_text(const YamlNode& map) const {
    const YamlNode* last = &map;
    while (last->style == 'b')
      last = &stream_[last->kind == YamlKind::map ? last->entries.back().value : last->items.back()];
    return last->style == '|' || last->style == '>';
  }

  // Below the line that `at` is on; `at` itself where a line begins there.
  std::string with_line_after(std::size_t at, std::size_t column, const std::string& member) const {
    const std::string indented = std::string(column, ' ') + member;
    if (at > 0 && (text_[at - 1] == '\n' || text_[at - 1] == '\r')) {
      return replaced(at, at, indented + line_end_at(text_, 0));
    }
    const std::size_t end = std::min(text_.find_first_of("\r\n", at), text_.size());
    return replaced(end, end, line_end_at(text_, at) + indented);
  }

  // By how much the maps of this file are indented.
  std::size_t indentation_step() const {
    for (const YamlNode& node : stream_.nodes) {
      const YamlNode& above = stream_[node.parent];
      if (node.style == 'b' && above.style == 'b' && node.kind == YamlKind::map && above.kind == YamlKind::map &&
          node.column > above.column)
        return node.column - above.column;
    }
    return 2;
  }

  std::string replaced(std::size_t begin, std::size_t end, const std::string& by) const {
    std::string out(text_);
    out.replace(begin, end - begin, by);
    return out;
  }

  std::string_view text_;
  const YamlStream& stream_;
  const Tokens& tokens_;
  const DeclaredSettings& declared_;
  const WantedScalar& wanted_;
  std::vector<std::size_t> way_;  // nodes from the root down
};

}  // namespace

Result<std::string> set_yaml_setting(std::string_view text, const std::vector<std::string>& tokens,
                                     const DeclaredSettings& declared) {
  const auto stream = read_yaml_places(text);
  AUTOHEAL_TRY(stream);
  const auto root = document_of(text, *stream, tokens);
  AUTOHEAL_TRY(root);
  return YamlEditor(text, *stream, tokens, declared).edit(*root);
}

}  // namespace autoheal::workflows
