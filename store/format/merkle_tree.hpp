// The tree over all entries that makes change and loss show: RFC 6962 section 2.1, with the verification algorithms of
// RFC 9162 section 2.1. Pure arithmetic on hashes; where finished hashes are kept is a port. Nothing here knows what a
// leaf means.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

using Hash = Sha256;

[[nodiscard]] Hash leaf_hash(std::string_view leaf);
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
// The root of a tree without leaves: SHA-256 of nothing.
[[nodiscard]] Hash empty_root();

struct TreeHead {
  std::uint64_t size = 0;
  Hash root = empty_root();
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// Where finished hashes come from. Errors are those of the store behind it.
class SubtreeHashes {
 public:
  virtual ~SubtreeHashes() = default;
  // The root of the leaves [index * 2^level, (index + 1) * 2^level); asked only for leaves that the tree has.
  [[nodiscard]] virtual Result<Hash> subtree(unsigned level, std::uint64_t index) const = 0;
};

// The root as it was when the tree had `size` leaves.
[[nodiscard]] Result<Hash> root_of(const SubtreeHashes& hashes, std::uint64_t size);
// From the leaf's sibling upwards. invalid: index >= size.
[[nodiscard]] Result<std::vector<Hash>> inclusion_proof(const SubtreeHashes& hashes, std::uint64_t index,
                                                        std::uint64_t size);
// RFC 6962 2.1.2; empty from size 0 and between equal sizes. invalid: old_size > new_size.
[[nodiscard]] Result<std::vector<Hash>> consistency_proof(const SubtreeHashes& hashes, std::uint64_t old_size,
                                                          std::uint64_t new_size);

// A proof with one hash too many or too few does not hold.
[[nodiscard]] bool inclusion_holds(std::uint64_t index, const Hash& leaf, const TreeHead& head,
                                   std::span<const Hash> proof);
[[nodiscard]] bool consistency_holds(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof);

// A tree that grows at its right edge and remembers nothing but that edge: at most one hash per level. A value.
class GrowingTree {
 public:
  GrowingTree() = default;
  // The tree of `size` leaves whose finished hashes are known.
  [[nodiscard]] static Result<GrowingTree> of(const SubtreeHashes& hashes, std::uint64_t size);

  // Called for every subtree that a leaf finishes, from the leaf itself upwards.
  template <class Finished>
  void append(const Hash& leaf, Finished&& finished) {
    append_subtree(0, leaf, finished);
  }
  // 2^level leaves at once, of which only the root is known; the size so far is a multiple of that.
  template <class Finished>
  void append_subtree(unsigned level, const Hash& root, Finished&& finished) {
    Hash hash = root;
    std::uint64_t index = size_ >> level;
    size_ += std::uint64_t{1} << level;
    finished(level, index, hash);
    while (index & 1U) {
      hash = node_hash(edge_.back(), hash);
      edge_.pop_back();
      index >>= 1U;
      finished(++level, index, hash);
    }
    edge_.push_back(hash);
  }
  void append(const Hash& leaf) {
    append(leaf, [](unsigned, std::uint64_t, const Hash&) {});
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;
  [[nodiscard]] TreeHead head() const { return {size_, root()}; }
  // The edge holds one subtree for each power of two in the size: the root is that of exactly `size` leaves.
  [[nodiscard]] bool edge_fits_size() const { return edge_.size() == static_cast<std::size_t>(std::popcount(size_)); }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> edge_;  // roots of the whole subtrees that make up the tree, the largest first
};

}  // namespace autoheal::store
