// Proofs as C2SP texts and as JSON: one spelling, and a proof that differs from the tree's own never verifies.
#include <array>

#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/support/examples/evidence_examples.hpp"

namespace {

using namespace autoheal;
using fuzz::require;
using namespace autoheal::store;

constexpr std::size_t leaves_signed = 8;

const testing::RememberedTree& tree() {
  static const testing::RememberedTree grown = testing::vector_tree();
  return grown;
}

std::vector<Hash> true_hashes(std::uint64_t index, std::uint64_t size) {
  return inclusion_proof(tree(), index, size).value_or(std::vector<Hash>{});
}

void check_text(std::string_view text) {
  const auto proof = parse_tlog_proof(text);
  if (!proof) return;
  require(to_text(*proof) == text, "a proof has one spelling");
  static const std::vector<std::string> leaves = vectors::leaves();
  const std::array keys = {testing::log_key};
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    const auto proven = check_tlog_proof(text, leaves[leaf], keys);
    if (!proven) continue;
    const std::uint64_t size = proven->checkpoint.head.size;
    require(proven->index == leaf && leaf < size, "a leaf is proven at its own place");
    require(proof->hashes == true_hashes(leaf, size), "only the tree's own proof verifies");
  }
}

void check_inclusion_json(std::string_view text) {
  const auto proof = parse_inclusion_json(text);
  if (!proof) return;
  require(parse_inclusion_json(to_json(*proof)) == *proof, "what was written is read as the same proof");
  for (std::size_t size = 1; size <= leaves_signed; ++size) {
    if (!check_inclusion(*proof, vectors::head(size))) continue;
    require(proof->index < size && proof->leaf == vectors::leaves()[proof->index], "a leaf is proven at its own place");
    require(proof->hashes == true_hashes(proof->index, size), "only the tree's own proof verifies");
  }
}

void check_consistency_json(std::string_view text) {
  const auto proof = parse_consistency_json(text);
  if (!proof) return;
  require(parse_consistency_json(to_json(*proof)) == *proof, "what was written is read as the same proof");
  for (std::size_t older = 0; older <= leaves_signed; ++older) {
    if (!check_consistency(*proof, vectors::head(older), vectors::head(leaves_signed))) continue;
    const auto own = consistency_proof(tree(), older, leaves_signed);
    require(own && proof->hashes == *own, "only the tree's own proof verifies");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_text(text);
  check_inclusion_json(text);
  check_consistency_json(text);
  return 0;
}
