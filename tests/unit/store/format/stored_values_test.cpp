// Values that the evidence is made of: one that differs in any part is another.
#include <gtest/gtest.h>

#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/format/stored_checkpoint.hpp"
#include "autoheal/store/verify/index_checksum.hpp"
#include "tests/support/examples/evidence_examples.hpp"

namespace autoheal::store {
namespace {

// Each of `changes` makes a value that is equal to itself and to no other of them.
template <class Value>
void expect_each_part_counts(const Value& value, const std::vector<void (*)(Value&)>& changes) {
  std::vector<Value> all = {value};
  for (const auto change : changes) change(all.emplace_back(value));
  for (std::size_t one = 0; one < all.size(); ++one) {
    for (std::size_t other = 0; other < all.size(); ++other)
      EXPECT_EQ(all[one] == all[other], one == other) << one << " and " << other;
  }
}

TEST(StoredValues, HeadsAndCheckpointsDifferByAnyPart) {
  expect_each_part_counts<TreeHead>({1, {}},
                                    {[](TreeHead& head) { head.size = 2; }, [](TreeHead& head) { head.root[31] = 1; }});
  expect_each_part_counts<Checkpoint>(
      {"log", {}}, {[](Checkpoint& one) { one.origin = "other"; }, [](Checkpoint& one) { one.head.size = 1; }});
  expect_each_part_counts<StoredCheckpoint>(
      {1, "note"}, {[](StoredCheckpoint& one) { one.size = 2; }, [](StoredCheckpoint& one) { one.note = "other"; }});
}

TEST(StoredValues, NotesDifferByAnyPart) {
  expect_each_part_counts<NoteSignature>({"key", 1, "bytes"}, {[](NoteSignature& one) { one.key_name = "other"; },
                                                               [](NoteSignature& one) { one.key_id = 2; },
                                                               [](NoteSignature& one) { one.bytes = "other"; }});
  expect_each_part_counts<SignedNote>({"text\n", {}}, {[](SignedNote& one) { one.text = "other\n"; },
                                                       [](SignedNote& one) { one.signatures.push_back({}); }});
}

TEST(StoredValues, KeysDifferByNameAndRole) {
  EXPECT_NE(testing::log_key, testing::witness_key);
  const auto key = [](const std::string& name, KeyType type, std::uint8_t first) {
    PublicKey bytes{};
    bytes[0] = first;
    return *VerifierKey::of(name, type, bytes);
  };
  const VerifierKey one = key("log", KeyType::ed25519, 1);
  EXPECT_EQ(one, key("log", KeyType::ed25519, 1));
  EXPECT_NE(one, key("other", KeyType::ed25519, 1));
  EXPECT_NE(one, key("log", KeyType::cosignature, 1));
  EXPECT_NE(one, key("log", KeyType::ed25519, 2));
}

TEST(StoredValues, ProofsDifferByAnyPart) {
  expect_each_part_counts<InclusionProof>(
      {1, 2, "leaf", {}},
      {[](InclusionProof& one) { one.index = 0; }, [](InclusionProof& one) { one.tree_size = 3; },
       [](InclusionProof& one) { one.leaf = "other"; }, [](InclusionProof& one) { one.hashes.push_back({}); }});
  expect_each_part_counts<ConsistencyProof>(
      {{1, {}}, {2, {}}, {}},
      {[](ConsistencyProof& one) { one.older.size = 0; }, [](ConsistencyProof& one) { one.newer.size = 3; },
       [](ConsistencyProof& one) { one.hashes.push_back({}); }});
  expect_each_part_counts<TlogProof>(
      {1, {}, "checkpoint", "extra"},
      {[](TlogProof& one) { one.index = 2; }, [](TlogProof& one) { one.hashes.push_back({}); },
       [](TlogProof& one) { one.checkpoint = "other"; }, [](TlogProof& one) { one.extra = "other"; }});
}

TEST(StoredValues, BundlesDifferByAnyPart) {
  expect_each_part_counts<EvidenceBundle>(
      {}, {[](EvidenceBundle& one) { one.checkpoint = "other"; }, [](EvidenceBundle& one) { one.key = "other"; },
           [](EvidenceBundle& one) { one.entries.push_back({}); },
           [](EvidenceBundle& one) { one.key_changes.push_back({}); },
           [](EvidenceBundle& one) { one.blobs["name"] = "content"; }});
  expect_each_part_counts<KeyChange>(
      {{}, "note"}, {[](KeyChange& one) { one.entry.index = 1; }, [](KeyChange& one) { one.note = "other"; }});
}

TEST(StoredValues, SumsOfAnIndexDifferByAnyPart) {
  expect_each_part_counts<IndexSum>({1, 1}, {[](IndexSum& one) { one.count = 2; }, [](IndexSum& one) { one.sum = 2; }});
}

}  // namespace
}  // namespace autoheal::store
