// Checkpoints and proofs that somebody tampered with (cases 101 and 102), one change at a time.
#include <gtest/gtest.h>

#include <array>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::CountedRandomness;
using autoheal::testing::example_leaf;
using autoheal::testing::example_tree;
using autoheal::testing::indexes_to_try;
using autoheal::testing::log_key;
using autoheal::testing::RememberedTree;
using autoheal::testing::witness_key;

std::string with_bit_flipped(std::string text, std::size_t bit) {
  text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  return text;
}

TEST(HostileCheckpoint, Case101_EveryBitOfACheckpointCounts) {
  const std::string good(vectors::checkpoint_8);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ASSERT_FALSE(open_checkpoint(with_bit_flipped(good, bit), std::array{log_key}).has_value()) << bit;
  }
}

// A cosignature of another name or id is one of somebody unknown; the log's own still stands.
TEST(HostileCheckpoint, Case101_AfterABitOfItsLineTheWitnessNoLongerCounts) {
  const std::string good = vectors::cosigned_8();
  for (std::size_t bit = vectors::checkpoint_8.size() * 8; bit < good.size() * 8; ++bit) {
    const auto note = parse_note(with_bit_flipped(good, bit));
    const auto signers = note ? signers_of(*note, std::array{log_key, witness_key}) : std::unexpected(note.error());
    ASSERT_TRUE(!signers || (signers->size() == 1 && signers->front().key == log_key)) << bit;
  }
}

TEST(HostileCheckpoint, Case101_EveryCutAndEveryByteMoreCounts) {
  const std::string good(vectors::checkpoint_8);
  for (std::size_t length = 0; length < good.size(); ++length) {
    ASSERT_FALSE(open_checkpoint(good.substr(0, length), std::array{log_key}).has_value()) << length;
    ASSERT_FALSE(open_checkpoint(good.substr(length + 1), std::array{log_key}).has_value()) << length;
  }
  for (const char byte : {'\n', ' ', '=', '\0', 'x'}) {
    for (std::size_t at = 0; at <= good.size(); ++at) {
      ASSERT_FALSE(open_checkpoint(std::string(good).insert(at, 1, byte), std::array{log_key}).has_value()) << at;
    }
  }
}

TEST(HostileCheckpoint, Case101_AnotherKeyOfTheSameNameIsAnotherLog) {
  CountedRandomness randomness;
  const SigningKey other = SigningKey::generate(std::string(vectors::origin), randomness).value();
  const std::string note = sign_checkpoint(other, vectors::origin, vectors::head(8)).value();
  EXPECT_FALSE(open_checkpoint(note, std::array{log_key}).has_value());
  // Nor does it help to claim the id of the right one.
  SignedNote forged = parse_note(note).value();
  forged.signatures[0].key_id = log_key.id();
  EXPECT_FALSE(open_checkpoint(to_text(forged), std::array{log_key}).has_value());
}

TEST(HostileCheckpoint, Case101_AnotherOriginIsRefusedThoughTheKeySigned) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const std::string note = sign_note(checkpoint_body({"ledger.example/other", vectors::head(8)}), key).value();
  const auto opened = open_checkpoint(note, std::array{log_key});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
}

TEST(HostileCheckpoint, Case101_ASignatureIsNotMovedToAnotherText) {
  SignedNote forged = parse_note(vectors::checkpoint_3).value();
  forged.signatures = parse_note(vectors::checkpoint_8).value().signatures;
  EXPECT_FALSE(open_checkpoint(to_text(forged), std::array{log_key}).has_value());
}

// A root does not say of how many leaves it is: the RFC's algorithm passes a size that leads to paths of the same
// shape. So a reader with the log computes the root of the claimed size, and a smaller log has none.
TEST(HostileCheckpoint, Case101_ASizeLargerThanTheLogHasNoRootAndNoProof) {
  const RememberedTree tree = example_tree(20);
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const TreeHead head = tree.head_at(20);
  for (std::uint64_t claimed = 21; claimed <= 40; ++claimed) {
    const std::string note = sign_checkpoint(key, vectors::origin, {claimed, head.root}).value();
    const TreeHead opened = open_checkpoint(note, std::array{log_key}).value().head;
    EXPECT_FALSE(root_of(tree, opened.size).has_value()) << claimed;
    EXPECT_FALSE(consistency_proof(tree, opened.size, head.size).has_value()) << claimed;
    EXPECT_FALSE(consistency_proof(tree, head.size, opened.size).has_value()) << claimed;
    EXPECT_FALSE(consistency_holds(opened, head, {})) << claimed;
    EXPECT_FALSE(consistency_holds(head, opened, {})) << claimed;
  }
}

// Every wrong variant of `proof`: a hash too many (at each place), too few, two swapped, one bit of each flipped.
std::vector<std::vector<Hash>> tampered(const std::vector<Hash>& proof, const Hash& more) {
  std::vector<std::vector<Hash>> wrong;
  for (std::size_t at = 0; at <= proof.size(); ++at) {
    wrong.push_back(proof);
    wrong.back().insert(wrong.back().begin() + static_cast<std::ptrdiff_t>(at), at < proof.size() ? proof[at] : more);
  }
  for (std::size_t at = 0; at < proof.size(); ++at) {
    wrong.push_back(proof);
    wrong.back().erase(wrong.back().begin() + static_cast<std::ptrdiff_t>(at));
    wrong.push_back(proof);
    wrong.back()[at][(at * 7 + 3) % sizeof(Hash)] ^= static_cast<std::uint8_t>(1U << at % 8);
    if (at + 1 == proof.size()) continue;
    wrong.push_back(proof);
    std::swap(wrong.back()[at], wrong.back()[at + 1]);
  }
  return wrong;
}

TEST(HostileProof, Case102_InclusionWithAHashTooManyTooFewSwappedOrChangedIsRefused) {
  const RememberedTree tree = example_tree(600);
  for (std::uint64_t size = 1; size <= 600; size += size < 80 ? 1 : 13) {
    const TreeHead head = tree.head_at(size);
    for (const std::uint64_t index : indexes_to_try(size)) {
      const Hash leaf = leaf_hash(example_leaf(index));
      for (const auto& wrong : tampered(inclusion_proof(tree, index, size).value(), leaf)) {
        ASSERT_FALSE(inclusion_holds(index, leaf, head, wrong)) << index << " of " << size;
      }
    }
  }
}

TEST(HostileProof, Case102_InclusionAtAnotherIndexOrOfAnotherLeafOrRootIsRefused) {
  const RememberedTree tree = example_tree(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const TreeHead head = tree.head_at(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(tree, index, size).value();
      for (std::uint64_t other = 0; other <= size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(inclusion_holds(other, leaf_hash(example_leaf(index)), head, proof)) << index << " of " << size;
        ASSERT_FALSE(inclusion_holds(index, leaf_hash(example_leaf(other)), head, proof)) << index << " of " << size;
        const TreeHead other_root{size, tree.head_at(other).root};
        ASSERT_EQ(inclusion_holds(index, leaf_hash(example_leaf(index)), other_root, proof), other == size);
      }
    }
  }
}

// RFC 9162's algorithm takes the size only to know the shape of the path, so that a size whose path has the same shape
// passes with the same root. The size is signed together with the root: the proof must be of exactly that one.
TEST(HostileProof, Case102_AProofForAnotherSizeThanTheSignedOneIsRefused) {
  const InclusionProof proof = parse_inclusion_json(vectors::inclusion_5_of_8).value();
  for (std::uint64_t size = 0; size <= 20; ++size) {
    InclusionProof other = proof;
    other.tree_size = size;
    EXPECT_EQ(check_inclusion(other, vectors::head(8)).has_value(), size == 8) << size;
    EXPECT_EQ(check_inclusion(proof, {size, vectors::head(8).root}).has_value(), size == 8) << size;
  }
}

TEST(HostileProof, Case102_AFileWithAnotherIndexLeafOrProofIsRefused) {
  const std::vector<std::string> leaves = vectors::leaves();
  const TlogProof good = parse_tlog_proof(vectors::tlog_proof_5_of_8()).value();
  const auto holds = [&](const TlogProof& proof, const std::string& leaf) {
    return check_tlog_proof(to_text(proof), leaf, std::array{log_key}).has_value();
  };
  for (std::uint64_t index = 0; index < 12; ++index) {
    TlogProof other = good;
    other.index = index;
    EXPECT_EQ(holds(other, leaves[5]), index == 5) << index;
  }
  for (std::size_t index = 0; index < leaves.size(); ++index) {
    EXPECT_EQ(holds(good, leaves[index]), index == 5) << index;
  }
  for (const auto& hashes : tampered(good.hashes, good.hashes[0])) {
    TlogProof other = good;
    other.hashes = hashes;
    EXPECT_FALSE(holds(other, leaves[5]));
  }
  TlogProof other = good;
  other.checkpoint = vectors::checkpoint_3;
  EXPECT_FALSE(holds(other, leaves[5]));
}

TEST(HostileProof, Case102_ConsistencyWithAHashTooManyTooFewSwappedOrChangedIsRefused) {
  const RememberedTree tree = example_tree(600);
  const auto check = [&](std::uint64_t older, std::uint64_t newer) {
    const TreeHead old_head = tree.head_at(older), new_head = tree.head_at(newer);
    const auto proof = consistency_proof(tree, older, newer).value();
    for (const auto& wrong : tampered(proof, old_head.root)) {
      ASSERT_FALSE(consistency_holds(old_head, new_head, wrong)) << older << " to " << newer;
    }
    if (older == newer) return;
    ASSERT_FALSE(consistency_holds({older - 1, old_head.root}, new_head, proof)) << older << " to " << newer;
    ASSERT_FALSE(consistency_holds({older, new_head.root}, new_head, proof)) << older << " to " << newer;
    ASSERT_FALSE(consistency_holds(old_head, {newer, old_head.root}, proof)) << older << " to " << newer;
    ASSERT_FALSE(consistency_holds(new_head, old_head, proof)) << older << " to " << newer;
  };
  for (std::uint64_t newer = 1; newer <= 80; ++newer) {
    for (std::uint64_t older = 1; older <= newer; ++older) check(older, newer);
  }
  for (std::uint64_t older = 81; older <= 600; older += 7) check(older, 600);
}

TEST(HostileProof, Case102_AHistoryThatWasRewrittenHasNoProofToTheOldRoot) {
  const RememberedTree tree = example_tree(64);
  for (std::uint64_t changed = 0; changed < 64; changed += 5) {
    RememberedTree rewritten;
    for (std::uint64_t index = 0; index < 64; ++index) {
      rewritten.append(index == changed ? "something else" : example_leaf(index));
    }
    for (std::uint64_t older = 1; older < 64; ++older) {
      const bool holds = consistency_holds(tree.head_at(older), rewritten.head_at(64),
                                           consistency_proof(rewritten, older, 64).value());
      ASSERT_EQ(holds, older <= changed) << changed << " changed, from " << older;
    }
  }
}

}  // namespace
}  // namespace autoheal::store
