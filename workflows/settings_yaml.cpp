#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "workflows/settings_edit.hpp"

namespace autoheal::workflows {

namespace {

using nlohmann::json;

std::size_t offset_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.pos); }

// What the YAML core schema makes of a plain scalar: null, a boolean, a number, else text.
json plain_value(const std::string& text) {
  static const std::array<std::string_view, 5> nulls = {"", "~", "null", "Null", "NULL"};
  static const std::array<std::string_view, 6> booleans = {"true", "True", "TRUE", "false", "False", "FALSE"};
  if (std::ranges::find(nulls, text) != nulls.end()) return nullptr;
  if (std::ranges::find(booleans, text) != booleans.end()) return text[0] == 't' || text[0] == 'T';
  const json number = json::parse(text, nullptr, false);
  if (number.is_number()) return number;
  return text;
}

// Thrown where the aliases of a file unfold without end; never leaves this file.
struct Unfolds {};

// A document with its aliases written out, which a few lines can make as large as they like.
class Unfolding {
 public:
  explicit Unfolding(std::size_t most_bytes) : left_(most_bytes) {}

  json value_of(const YAML::Node& node, int depth = 0) {
    if (depth > deepest_settings) throw Unfolds{};
    spend(1);
    switch (node.Type()) {
      case YAML::NodeType::Null:
        return nullptr;
      case YAML::NodeType::Scalar:
        spend(node.Scalar().size());
        return node.Tag() == "?" ? plain_value(node.Scalar()) : json(node.Scalar());
      case YAML::NodeType::Sequence: {
        json list = json::array();
        for (const auto& item : node) list.push_back(value_of(item, depth + 1));
        return list;
      }
      case YAML::NodeType::Map: {
        json map = json::object();
        for (const auto& item : node) {
          spend(item.first.Scalar().size());
          map[item.first.Scalar()] = value_of(item.second, depth + 1);
        }
        return map;
      }
      case YAML::NodeType::Undefined:
        break;
    }
    return nullptr;
  }

 private:
  void spend(std::size_t bytes) {
    if (bytes > left_) throw Unfolds{};
    left_ -= bytes;
  }

  std::size_t left_;
};

// Of `node`, in a file of so many bytes: without aliases its values and their texts together are fewer than twice that.
json value_of(const YAML::Node& node, std::size_t file_bytes) {
  constexpr std::size_t for_aliases = 1'000'000;
  return Unfolding(2 * file_bytes + for_aliases).value_of(node);
}

// Words that YAML 1.1 readers take for booleans: quoted, so that every reader sees text.
bool misread_elsewhere(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::array<std::string_view, 6> words = {"yes", "no", "on", "off", "y", "n"};
  return std::ranges::find(words, text) != words.end();
}

bool safe_plain(const std::string& text) {
  const auto harmless = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_./+@-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::ranges::all_of(text, harmless) && plain_value(text).is_string() && !misread_elsewhere(text);
}

std::string scalar_text(const json& wanted, char old_quote) {
  if (!wanted.is_string()) return wanted.dump();
  const auto& text = wanted.get_ref<const std::string&>();
  const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (old_quote == '\'' && printable) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
    return out + "'";
  }
  if (old_quote == 0 && safe_plain(text)) return text;
  return wanted.dump();
}

struct Span {
  std::size_t begin = 0, end = 0;
  char quote = 0;
};

// Where a scalar on one line stands; empty for block scalars and for those that go over several lines.
std::optional<Span> span_of(std::string_view text, const YAML::Node& node, bool in_flow) {
  const std::size_t begin = offset_of(node.Mark());
  if (begin >= text.size()) return std::nullopt;
  const char first = text[begin];
  if (first == '|' || first == '>' || first == '&' || first == '*' || first == '!') return std::nullopt;
  std::size_t end = begin + 1;
  if (first == '"' || first == '\'') {
    for (; end < text.size() && text[end] != '\n'; ++end) {
      if (first == '"' && text[end] == '\\') {
        ++end;
      } else if (text[end] == first) {
        if (first != '\'' || end + 1 >= text.size() || text[end + 1] != '\'') return Span{begin, end + 1, first};
        ++end;
      }
    }
    return std::nullopt;
  }
  end = begin;
  while (end < text.size() && text[end] != '\n' && text[end] != '\r') {
    if (in_flow && (text[end] == ',' || text[end] == ']' || text[end] == '}')) break;
    if (text[end] == '#' && end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) break;
    ++end;
  }
  while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  if (text.substr(begin, end - begin) != node.Scalar()) return std::nullopt;
  return Span{begin, end, 0};
}

std::optional<std::size_t> end_of_last_line(std::string_view text, const YAML::Node& node) {
  if (node.IsScalar()) {
    const auto span = span_of(text, node, false);
    if (!span) return std::nullopt;
    return std::min(text.find('\n', span->end), text.size());
  }
  if (!(node.IsMap() || node.IsSequence()) || node.size() == 0 || node.Style() == YAML::EmitterStyle::Flow)
    return std::nullopt;
  YAML::Node last;
  if (node.IsMap()) {
    for (const auto& item : node) last.reset(item.second);
  } else {
    last.reset(node[node.size() - 1]);
  }
  return end_of_last_line(text, last);
}

std::optional<std::string> with_key(std::string_view text, const YAML::Node& map, const std::string& key,
                                    const json& wanted) {
  const std::string name = safe_plain(key) ? key : json(key).dump();
  const std::string member = name + ": " + scalar_text(wanted, 0);
  std::string out(text);
  if (map.size() == 0) return std::nullopt;
  if (map.Style() == YAML::EmitterStyle::Flow) {
    out.insert(offset_of(map.Mark()) + 1, map.size() > 0 ? member + ", " : member);
    return out;
  }
  const YAML::Node first = map.begin()->first;
  const std::string indent(static_cast<std::size_t>(std::max(0, first.Mark().column)), ' ');
  if (const auto end = end_of_last_line(text, map)) {
    out.insert(*end, "\n" + indent + member);
    return out;
  }
  const std::size_t line = offset_of(first.Mark()) - indent.size();
  if (text.substr(line, indent.size()) != indent) return std::nullopt;
  out.insert(line, indent + member + "\n");
  return out;
}

Result<std::string> checked(std::optional<std::string> changed, const json& document) {
  if (changed && value_of(YAML::Load(*changed), changed->size()) == document) return std::move(*changed);
  return failure(ErrorKind::invalid, "its place in the file is written in a way that cannot be edited byte by byte",
                 "write the value on one line, or restore the whole file with `files`");
}

Result<std::string> edit(std::string_view text, const std::vector<std::string>& tokens, const json& wanted) {
  YAML::Node node = YAML::Load(std::string(text));
  json document = value_of(node, text.size());
  json* place = &document;
  bool in_flow = false;
  for (std::size_t depth = 0; depth < tokens.size(); ++depth) {
    const std::string& token = tokens[depth];
    in_flow = in_flow || node.Style() == YAML::EmitterStyle::Flow;
    YAML::Node next;
    bool found = false;
    if (node.IsMap()) {
      for (const auto& item : node) {
        if (item.first.Scalar() == token) {
          next.reset(item.second);
          found = true;
        }
      }
      if (!found && depth + 1 == tokens.size()) {
        (*place)[token] = wanted;
        return checked(with_key(text, node, token, wanted), document);
      }
      if (!found) return failure(ErrorKind::invalid, "there is no \"" + token + "\" on the way to it");
      place = &(*place)[token];
    } else if (node.IsSequence()) {
      std::size_t index = 0;
      const auto [end, fault] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (fault != std::errc() || end != token.data() + token.size() || index >= node.size()) {
        return failure(ErrorKind::invalid, "the list has no element " + token);
      }
      next.reset(node[index]);
      place = &(*place)[index];
    } else {
      return failure(ErrorKind::invalid, "\"" + token + "\" would lie below a single value");
    }
    node.reset(next);
  }
  if (*place == wanted && place->type() == wanted.type()) return std::string(text);
  *place = wanted;
  const auto span = node.IsScalar() ? span_of(text, node, in_flow) : std::nullopt;
  if (!span) return checked(std::nullopt, document);
  std::string out(text);
  out.replace(span->begin, span->end - span->begin, scalar_text(wanted, span->quote));
  return checked(std::move(out), document);
}

}  // namespace

Result<std::string> set_yaml_setting(std::string_view text, const std::vector<std::string>& tokens,
                                     std::string_view scalar) {
  const json wanted = json::parse(scalar, nullptr, false);
  if (wanted.is_discarded() || wanted.is_structured())
    return failure(ErrorKind::invalid, "the value is not a JSON scalar");
  try {
    return edit(text, tokens, wanted);
  } catch (const Unfolds&) {
    return failure(ErrorKind::invalid,
                   "the aliases (*) of the file lead to themselves, or make it too large or too deep",
                   "write the values out");
  } catch (const YAML::Exception& exception) {
    return failure(ErrorKind::invalid, "the file is not valid YAML at line " + std::to_string(exception.mark.line + 1) +
                                           ", so no single value of it can be set");
  }
}

}  // namespace autoheal::workflows
