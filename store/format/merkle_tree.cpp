// The low-level calls cost half of what EVP costs on inputs this short, and every entry pays for two of them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "autoheal/store/format/merkle_tree.hpp"

#include <fmt/core.h>
#include <openssl/sha.h>

#include <algorithm>
#include <bit>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::store {

namespace {

constexpr std::uint8_t leaf_prefix = 0, node_prefix = 1;

// The largest power of two below `size`, for size > 1.
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

// The root of the leaves [begin, begin + size), where `begin` is a multiple of a power of two that is not below size.
Result<Hash> root_between(const SubtreeHashes& hashes, std::uint64_t begin, std::uint64_t size) {
  if (std::has_single_bit(size)) return hashes.subtree(static_cast<unsigned>(std::countr_zero(size)), begin / size);
  const std::uint64_t split = split_of(size);
  const auto left = root_between(hashes, begin, split);
  if (!left) return left;
  const auto right = root_between(hashes, begin + split, size - split);
  if (!right) return right;
  return node_hash(*left, *right);
}

// Leaves that a proof still has to cover: [begin, begin + size).
struct Part {
  std::uint64_t begin, size;
};

Result<std::vector<Hash>> roots_of(const SubtreeHashes& hashes, const std::vector<Part>& parts) {
  std::vector<Hash> roots;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    auto root = root_between(hashes, part->begin, part->size);
    AUTOHEAL_TRY(root);
    roots.push_back(*root);
  }
  return roots;
}

}  // namespace

Hash leaf_hash(std::string_view leaf) {
  Hash hash;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, &leaf_prefix, 1);
  SHA256_Update(&context, leaf.data(), leaf.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Hash)> both;
  both[0] = node_prefix;
  std::ranges::copy(left, both.begin() + 1);
  std::ranges::copy(right, both.begin() + 1 + sizeof(Hash));
  Hash hash;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, both.data(), both.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

Hash empty_root() {
  static const Hash root = sha256({});
  return root;
}

Result<Hash> root_of(const SubtreeHashes& hashes, std::uint64_t size) {
  if (size == 0) return empty_root();
  return root_between(hashes, 0, size);
}

// RFC 6962 2.1.1, walked from the root to the leaf: at each split the other side is one hash of the proof.
Result<std::vector<Hash>> inclusion_proof(const SubtreeHashes& hashes, std::uint64_t index, std::uint64_t size) {
  if (index >= size) {
    return failure(ErrorKind::invalid, fmt::format("leaf {} is not in a tree of {} leaves", index, size));
  }
  std::vector<Part> siblings;
  std::uint64_t begin = 0;
  while (size > 1) {
    const std::uint64_t split = split_of(size);
    if (index < begin + split) {
      siblings.push_back({begin + split, size - split});
      size = split;
    } else {
      siblings.push_back({begin, split});
      begin += split;
      size -= split;
    }
  }
  return roots_of(hashes, siblings);
}

// RFC 6962 2.1.2, walked from the root down to where the old tree ends.
Result<std::vector<Hash>> consistency_proof(const SubtreeHashes& hashes, std::uint64_t old_size,
                                            std::uint64_t new_size) {
  if (old_size > new_size) {
    return failure(ErrorKind::invalid, fmt::format("a tree of {} leaves never had {}", new_size, old_size));
  }
  if (old_size == 0 || old_size == new_size) return std::vector<Hash>();
  std::vector<Part> parts;
  std::uint64_t begin = 0, size = new_size;
  bool whole = true;  // the old tree is a node of the new one whose hash the verifier knows
  while (old_size != size) {
    const std::uint64_t split = split_of(size);
    if (old_size <= split) {
      parts.push_back({begin + split, size - split});
      size = split;
    } else {
      parts.push_back({begin, split});
      begin += split;
      size -= split;
      old_size -= split;
      whole = false;
    }
  }
  if (!whole) parts.push_back({begin, size});
  return roots_of(hashes, parts);
}

namespace {

// Climbs from a node to the root of a tree whose last node of that level is `last`, as RFC 9162 2.1.3.2 and 2.1.4.2 do:
// `left` and `right` take each sibling that stands on that side. True where the proof ends at the root.
template <class Left, class Right>
bool climbs_to_root(std::uint64_t node, std::uint64_t last, std::span<const Hash> proof, Left left, Right right) {
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1U) != 0 || node == last) {
      left(sibling);
      while ((node & 1U) == 0) {  // which ends: what is no right child here is the last node, and that is not 0
        node >>= 1U;
        last >>= 1U;
      }
    } else {
      right(sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0;
}

}  // namespace

bool inclusion_holds(std::uint64_t index, const Hash& leaf, const TreeHead& head, std::span<const Hash> proof) {
  if (index >= head.size) return false;
  Hash hash = leaf;
  const auto left = [&](const Hash& sibling) { hash = node_hash(sibling, hash); };
  const auto right = [&](const Hash& sibling) { hash = node_hash(hash, sibling); };
  return climbs_to_root(index, head.size - 1, proof, left, right) && hash == head.root;
}

bool consistency_holds(const TreeHead& older, const TreeHead& newer, std::span<const Hash> proof) {
  if (older.size > newer.size) return false;
  if (older.size == 0) return proof.empty() && older.root == empty_root();
  if (older.size == newer.size) return proof.empty() && older.root == newer.root;
  std::vector<Hash> path(proof.begin(), proof.end());
  if (std::has_single_bit(older.size)) path.insert(path.begin(), older.root);
  if (path.empty()) return false;
  std::uint64_t node = older.size - 1, last = newer.size - 1;
  while ((node & 1U) != 0) {
    node >>= 1U;
    last >>= 1U;
  }
  Hash old_root = path.front(), new_root = path.front();
  const auto left = [&](const Hash& sibling) {
    old_root = node_hash(sibling, old_root);
    new_root = node_hash(sibling, new_root);
  };
  const auto right = [&](const Hash& sibling) { new_root = node_hash(new_root, sibling); };
  const bool ends_at_root = climbs_to_root(node, last, std::span(path).subspan(1), left, right);
  return ends_at_root && old_root == older.root && new_root == newer.root;
}

Result<GrowingTree> GrowingTree::of(const SubtreeHashes& hashes, std::uint64_t size) {
  GrowingTree tree;
  tree.size_ = size;
  for (int level = 63; level >= 0; --level) {
    const auto bit = static_cast<unsigned>(level);
    if ((size >> bit & 1U) == 0) continue;
    auto hash = hashes.subtree(bit, (size >> bit) - 1);
    AUTOHEAL_TRY(hash);
    tree.edge_.push_back(*hash);
  }
  return tree;
}

Hash GrowingTree::root() const {
  if (edge_.empty()) return empty_root();
  Hash hash = edge_.back();
  for (auto left = edge_.rbegin() + 1; left != edge_.rend(); ++left) hash = node_hash(*left, hash);
  return hash;
}

}  // namespace autoheal::store
