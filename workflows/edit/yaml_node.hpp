// A YAML text as nodes that know their places in it.
#pragma once

#include <string>
#include <vector>

namespace autoheal::workflows {

struct YamlEntry {
  std::size_t key = 0, value = 0;  // nodes
};

struct YamlNode {
  enum class Kind { scalar, list, map, alias } kind = Kind::scalar;
  // 'p' plain, '\'', '"', '|' or '>' of a scalar; 'e' one that is not written at all; 'b' block or 'f' flow of a
  // collection; '*' of an alias.
  char style = 'e';
  bool in_flow = false;        // stands within a flow collection
  std::size_t begin = 0;       // of its properties, or its content
  std::size_t content = 0;     // behind its properties
  std::size_t end = 0;         // behind its last byte; of a block text behind its last line that is not blank
  std::size_t value_end = 0;   // of a block text that keeps the blank lines behind it: behind those
  std::size_t column = 0;      // of a block collection
  std::size_t parent = 0;      // the node it stands in; of a root, itself
  std::size_t target = 0;      // of an alias: the node it repeats
  std::string tag, anchor;     // as they are written, without & ; an alias has the name it repeats as anchor
  std::string header_comment;  // behind | or >
  std::string text;            // of a scalar
  std::vector<YamlEntry> entries;
  std::vector<std::size_t> items;
};

using YamlKind = YamlNode::Kind;

struct YamlStream {
  std::vector<YamlNode> nodes;
  std::vector<std::size_t> documents;  // their root nodes
  [[nodiscard]] const YamlNode& operator[](std::size_t at) const { return nodes[at]; }
  // The node itself, or what it repeats.
  [[nodiscard]] const YamlNode& meant(std::size_t at) const {
    return nodes[at].kind == YamlNode::Kind::alias ? nodes[nodes[at].target] : nodes[at];
  }
};

}  // namespace autoheal::workflows
