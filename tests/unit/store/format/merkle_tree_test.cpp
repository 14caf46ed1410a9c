// The tree against the published vectors and against the RFC's own recursive definitions, written down naively here.
#include "autoheal/store/format/merkle_tree.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::example_leaf;
using autoheal::testing::example_tree;
using autoheal::testing::RememberedTree;
using autoheal::testing::vector_tree;

constexpr std::uint64_t largest = 600;

// RFC 6962 section 2.1 word for word; only remembers what it has computed.
class NaiveTree {
 public:
  Hash root(std::uint64_t begin, std::uint64_t end) {
    const auto [place, fresh] = known_.try_emplace({begin, end});
    if (fresh) place->second = computed_root(begin, end);
    return place->second;
  }
  std::vector<Hash> path(std::uint64_t leaf, std::uint64_t begin, std::uint64_t end) {
    if (end - begin <= 1) return {};
    const std::uint64_t middle = begin + split(end - begin);
    const bool left = leaf < middle;
    std::vector<Hash> hashes = left ? path(leaf, begin, middle) : path(leaf, middle, end);
    hashes.push_back(left ? root(middle, end) : root(begin, middle));
    return hashes;
  }
  std::vector<Hash> subproof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool whole) {
    if (old_size == end - begin) return whole ? std::vector<Hash>() : std::vector<Hash>{root(begin, end)};
    const std::uint64_t k = split(end - begin);
    const bool left = old_size <= k;
    std::vector<Hash> hashes =
        left ? subproof(old_size, begin, begin + k, whole) : subproof(old_size - k, begin + k, end, false);
    hashes.push_back(left ? root(begin + k, end) : root(begin, begin + k));
    return hashes;
  }

 private:
  static std::uint64_t split(std::uint64_t size) {
    std::uint64_t power = 1;
    while (power * 2 < size) power *= 2;
    return power;
  }
  Hash computed_root(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return sha256({});
    if (end - begin == 1) return sha256(std::string(1, '\0') + example_leaf(begin));
    const std::uint64_t middle = begin + split(end - begin);
    return sha256('\1' + std::string(view_of(root(begin, middle))) + std::string(view_of(root(middle, end))));
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, Hash> known_;
};

TEST(MerkleTree, PrimitivesAreThoseOfTheVectors) {
  EXPECT_EQ(to_hex(leaf_hash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(to_hex(leaf_hash(std::string(1, '\0'))),
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
  EXPECT_EQ(to_hex(node_hash(leaf_hash(""), leaf_hash(std::string(1, '\0')))), vectors::roots[2].hex);
  EXPECT_EQ(to_hex(empty_root()), vectors::roots[0].hex);
  EXPECT_EQ(TreeHead().root, empty_root());
}

TEST(MerkleTree, RootsAreThoseOfTheVectors) {
  const RememberedTree tree = vector_tree();
  GrowingTree growing;
  for (std::size_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(to_hex(root_of(tree, size).value()), vectors::roots[size].hex) << size;
    EXPECT_EQ(growing.head(), vectors::head(size)) << size;
    if (size < 8) growing.append(leaf_hash(vectors::leaves()[size]));
  }
}

TEST(MerkleTree, EveryRootUpTo600IsTheRfcsOwn) {
  const RememberedTree tree = example_tree(largest);
  NaiveTree naive;
  GrowingTree growing;
  for (std::uint64_t size = 0; size <= largest; ++size) {
    const Hash expected = naive.root(0, size);
    EXPECT_EQ(root_of(tree, size).value(), expected) << size;
    EXPECT_EQ(growing.root(), expected) << size;
    EXPECT_EQ(GrowingTree::of(tree, size).value().head(), (TreeHead{size, expected})) << size;
    growing.append(leaf_hash(example_leaf(size)));
  }
}

TEST(MerkleTree, ATreeThatIsTakenUpAgainGrowsOnTheSame) {
  const RememberedTree tree = example_tree(largest);
  for (std::uint64_t size = 0; size <= largest; size += 7) {
    GrowingTree growing = GrowingTree::of(tree, size).value();
    for (std::uint64_t index = size; index < largest; ++index) growing.append(leaf_hash(example_leaf(index)));
    EXPECT_EQ(growing.head(), tree.head_at(largest)) << size;
  }
}

TEST(MerkleTree, AppendingFinishesOneSubtreeMoreForEachTrailingOneBitOfTheIndex) {
  GrowingTree growing;
  for (std::uint64_t index = 0; index < largest; ++index) {
    unsigned finished = 0;
    growing.append(leaf_hash(example_leaf(index)), [&](unsigned level, std::uint64_t place, const Hash&) {
      EXPECT_EQ(level, finished++);
      EXPECT_EQ(place, index >> level);
    });
    EXPECT_EQ(finished, 1U + static_cast<unsigned>(std::countr_one(index))) << index;
  }
}

TEST(MerkleTree, InclusionProofsAreTheRfcsOwnAndHold) {
  const RememberedTree tree = example_tree(largest);
  NaiveTree naive;
  for (std::uint64_t size = 1; size <= largest; ++size) {
    const TreeHead head = tree.head_at(size);
    for (const std::uint64_t index : autoheal::testing::indexes_to_try(size)) {
      const std::vector<Hash> proof = inclusion_proof(tree, index, size).value();
      ASSERT_EQ(proof, naive.path(index, 0, size)) << index << " of " << size;
      ASSERT_LE(proof.size(), static_cast<std::size_t>(std::bit_width(size - 1))) << index << " of " << size;
      ASSERT_TRUE(inclusion_holds(index, leaf_hash(example_leaf(index)), head, proof)) << index << " of " << size;
    }
  }
}

TEST(MerkleTree, ConsistencyProofsAreTheRfcsOwnAndHold) {
  const RememberedTree tree = example_tree(largest);
  NaiveTree naive;
  const auto check = [&](std::uint64_t older, std::uint64_t newer) {
    const std::vector<Hash> proof = consistency_proof(tree, older, newer).value();
    ASSERT_EQ(proof, older == 0 ? std::vector<Hash>() : naive.subproof(older, 0, newer, true))
        << older << " to " << newer;
    ASSERT_TRUE(consistency_holds(tree.head_at(older), tree.head_at(newer), proof)) << older << " to " << newer;
  };
  for (std::uint64_t newer = 0; newer <= 80; ++newer) {
    for (std::uint64_t older = 0; older <= newer; ++older) check(older, newer);
  }
  for (std::uint64_t size = 81; size <= largest; ++size) {
    check(size - 1, size);
    check(size, largest);
  }
}

TEST(MerkleTree, WhatIsNotInTheTreeHasNoProof) {
  const RememberedTree tree = vector_tree();
  EXPECT_EQ(inclusion_proof(tree, 8, 8).error().kind, ErrorKind::invalid);
  EXPECT_EQ(inclusion_proof(tree, 0, 0).error().kind, ErrorKind::invalid);
  EXPECT_EQ(consistency_proof(tree, 8, 7).error().kind, ErrorKind::invalid);
}

TEST(MerkleTree, AHashThatTheStoreCannotGiveIsItsError) {
  const RememberedTree tree = vector_tree();
  EXPECT_EQ(root_of(tree, 9).error().kind, ErrorKind::not_found);
  EXPECT_EQ(inclusion_proof(tree, 0, 16).error().kind, ErrorKind::not_found);
  EXPECT_EQ(consistency_proof(tree, 8, 16).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(GrowingTree::of(tree, 9).has_value());
}

TEST(MerkleTree, SizesUpTo63BitsEndAndDoNotHold) {
  constexpr std::uint64_t huge = (std::uint64_t{1} << 63U) - 1;
  const std::vector<Hash> hashes(64, leaf_hash("x"));
  for (std::size_t count = 0; count <= hashes.size(); ++count) {
    const std::span<const Hash> proof(hashes.data(), count);
    for (const std::uint64_t index : {std::uint64_t{0}, huge / 2, huge - 1, huge}) {
      EXPECT_FALSE(inclusion_holds(index, leaf_hash("x"), {huge, leaf_hash("x")}, proof));
      EXPECT_FALSE(consistency_holds({index, leaf_hash("y")}, {huge, leaf_hash("x")}, proof));
    }
  }
}

}  // namespace
}  // namespace autoheal::store
