#include "tools/config/yaml_tree.hpp"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/workflows/edit/wanted_scalar.hpp"

namespace autoheal::config {

namespace {

// Thrown out of yaml-cpp's parser at the first thing that is refused; never leaves this file.
struct Refused {
  int line, column;  // from 1
  std::string message;
  Refused(const YAML::Mark& mark, std::string why)
      : line(mark.line + 1), column(mark.column + 1), message(std::move(why)) {}
  Refused(const Node& node, std::string why) : line(node.line), column(node.column), message(std::move(why)) {}
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  Node root;
  bool seen_document = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(seen_document, true))
      throw Refused{mark, "a second document begins here; a configuration is one document"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, "?", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark, "an alias (*) is not allowed here; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    scalar(mark, tag, anchor, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  static Node begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      throw Refused{mark, "an anchor (&) is not allowed here; write the value out where it is needed"};
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused{mark, fmt::format("a tag ({}) is not allowed here", tag)};
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void scalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) {
    Node node = begin(NodeKind::scalar, mark, tag, anchor);
    node.text = value;
    node.plain = tag == "?" || tag.empty();
    add(std::move(node));
  }
  void open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= deepest_nesting)
      throw Refused{mark, fmt::format("this is nested deeper than {} levels", deepest_nesting)};
    open_.push_back(begin(kind, mark, tag, anchor));
  }
  void close() {
    Node done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }
  void add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (parent.kind == NodeKind::list || parent.keys.size() > parent.items.size()) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (node.kind != NodeKind::scalar) throw Refused{node, "a key must be a word"};
    for (const Node& key : parent.keys) {
      if (key.text == node.text) {
        throw Refused{node, fmt::format("\"{}\" stands here twice, first in line {}", node.text, key.line)};
      }
    }
    parent.keys.push_back(std::move(node));
  }

  std::vector<Node> open_;
};

// Where a byte stands: line and column, from 1, as an editor counts them.
std::pair<int, int> place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n');
  const auto begin = before.rfind('\n') + 1;
  const auto column = std::ranges::count_if(before.substr(begin), [](char c) { return (c & 0xC0) != 0x80; });
  return {static_cast<int>(line) + 1, static_cast<int>(column) + 1};
}

// The first byte that no text has, and why.
std::optional<std::pair<std::size_t, std::string>> first_fault(const std::string& text) {
  if (text.size() > largest_file_bytes)
    return std::pair(largest_file_bytes, "the file is larger than 1 MiB, expected a configuration");
  const auto wrong =
      std::ranges::find_if(text, [](unsigned char c) { return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f; });
  const std::string valid = valid_utf8(text);
  const auto unlike = std::ranges::mismatch(text, valid).in1;
  const auto at = [&](auto place) { return static_cast<std::size_t>(place - text.begin()); };
  if (unlike < wrong) return std::pair(at(unlike), "this is not valid UTF-8, expected a text");
  if (wrong == text.end()) return std::nullopt;
  if (*wrong == '\r')
    return std::pair(at(wrong), "a carriage return ends this line, expected line feeds alone (sed -i 's/\\r$//')");
  return std::pair(at(wrong), "a control character stands here, expected a text");
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (keys[index].text == key) return &items[index];
  }
  return nullptr;
}

ScalarType type_of(const Node& scalar) {
  if (!scalar.plain) return ScalarType::text;
  static const std::array<std::string_view, 5> nulls = {"", "~", "null", "Null", "NULL"};
  static const std::array<std::string_view, 6> booleans = {"true", "True", "TRUE", "false", "False", "FALSE"};
  if (std::ranges::find(nulls, scalar.text) != nulls.end()) return ScalarType::null;
  if (std::ranges::find(booleans, scalar.text) != booleans.end()) return ScalarType::boolean;
  const auto digits = scalar.text.find_first_not_of("0123456789") == std::string::npos;
  const auto as_json = workflows::wanted_scalar(scalar.text);  // of any size: 1e400 is written as it is, never computed
  const bool is_number = digits || (as_json && as_json->kind == workflows::WantedScalar::Kind::number);
  return is_number ? ScalarType::number : ScalarType::text;
}

std::string describe(const Node& node) {
  if (node.kind == NodeKind::list) return "a list";
  if (node.kind == NodeKind::map) return "a group of keys";
  switch (type_of(node)) {
    case ScalarType::null:
      return "nothing";
    case ScalarType::boolean:
      return "the truth value " + node.text;
    case ScalarType::number:
      return "the number " + node.text;
    case ScalarType::text:
      break;
  }
  return "\"" + node.text + "\"";
}

Node parse_yaml(const std::string& file, const std::string& text, std::vector<Problem>& problems) {
  Node nothing;
  nothing.kind = NodeKind::map;
  nothing.line = nothing.column = 1;
  const auto refuse = [&](int line, int column, std::string message) {
    problems.push_back({file, line, column, {}, std::move(message)});
    return nothing;
  };
  if (auto fault = first_fault(text)) {
    const auto [line, column] = place_of(text, fault->first);
    return refuse(line, column, std::move(fault->second));
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    if (!builder.seen_document) return refuse(1, 1, "the file is empty, expected at least `version: 1` and `engines:`");
    return std::move(builder.root);
  } catch (const Refused& refused) {
    return refuse(refused.line, refused.column, refused.message);
  } catch (const YAML::Exception& exception) {
    return refuse(exception.mark.line + 1, exception.mark.column + 1, "this is not YAML: " + exception.msg);
  }
}

}  // namespace autoheal::config
