// A tree that keeps every finished hash in memory, for tests of proofs of any size.
#pragma once

#include <bit>
#include <string>
#include <vector>

#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::testing {

class RememberedTree final : public store::SubtreeHashes {
 public:
  void append(std::string_view leaf) {
    tree_.append(store::leaf_hash(leaf), [this](unsigned level, std::uint64_t, const store::Hash& hash) {
      if (levels_.size() <= level) levels_.resize(level + 1);
      levels_[level].push_back(hash);
    });
  }

  Result<store::Hash> subtree(unsigned level, std::uint64_t index) const override {
    if (level >= levels_.size() || index >= levels_[level].size()) {
      return failure(ErrorKind::not_found, "asked for a hash that no tree of this size has");
    }
    return levels_[level][index];
  }

  store::TreeHead head_at(std::uint64_t size) const { return {size, store::root_of(*this, size).value()}; }
  const store::GrowingTree& growing() const { return tree_; }

 private:
  store::GrowingTree tree_;
  std::vector<std::vector<store::Hash>> levels_;
};

// Leaves of all lengths from 0 to 99, none like another from 100 on.
inline std::string example_leaf(std::uint64_t index) {
  std::string leaf = index < 100 ? std::string() : std::to_string(index);
  while (leaf.size() < index % 100) leaf += static_cast<char>('a' + leaf.size() % 26);
  return leaf;
}

inline RememberedTree example_tree(std::uint64_t size) {
  RememberedTree tree;
  for (std::uint64_t index = 0; index < size; ++index) tree.append(example_leaf(index));
  return tree;
}

// All of a small tree; of a larger one both edges, the middle and both sides of the first split.
inline std::vector<std::uint64_t> indexes_to_try(std::uint64_t size) {
  std::vector<std::uint64_t> indexes;
  if (size <= 80) {
    for (std::uint64_t index = 0; index < size; ++index) indexes.push_back(index);
    return indexes;
  }
  const std::uint64_t split = std::bit_floor(size - 1);
  return {0, 1, size / 2, split - 1, split, size - 2, size - 1};
}

}  // namespace autoheal::testing
