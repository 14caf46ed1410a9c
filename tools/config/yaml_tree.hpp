// A YAML file as a tree that remembers where everything stands and how it was written. Strict: what YAML allows and
// people regret (aliases, tags, duplicate keys, several documents) is refused here, once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/config/problem.hpp"

namespace autoheal::config {

enum class NodeKind { scalar, list, map };

struct Node {
  NodeKind kind = NodeKind::scalar;
  std::string text;    // of a scalar
  bool plain = false;  // written without quotes
  int line = 0, column = 0;
  std::vector<Node> items;  // of a list; the values of a map
  std::vector<Node> keys;   // of a map, beside `items`

  // The value under `key`; null if there is none, or this is no map.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

// The type that the YAML core schema gives a scalar.
enum class ScalarType { null, boolean, number, text };
[[nodiscard]] ScalarType type_of(const Node& scalar);
// "text", "a number", "a list", ... for messages.
[[nodiscard]] std::string describe(const Node& node);

// Limits on outside input.
inline constexpr std::size_t largest_file_bytes = 1024 * 1024;
inline constexpr std::size_t deepest_nesting = 32;

// Adds to `problems` and gives an empty map where the text cannot be read at all.
[[nodiscard]] Node parse_yaml(const std::string& file, const std::string& text, std::vector<Problem>& problems);

}  // namespace autoheal::config
