// The published keys and leaves as values, and randomness that repeats: what the tests of proofs and notes begin with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "autoheal/engine/ports.hpp"
#include "autoheal/store/format/verifier_key.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace autoheal::testing {

inline const store::VerifierKey log_key = store::VerifierKey::parse(store::vectors::verifier_key).value();
inline const store::VerifierKey witness_key = store::VerifierKey::parse(store::vectors::witness_key).value();

inline RememberedTree vector_tree() {
  RememberedTree tree;
  for (const std::string& leaf : store::vectors::leaves()) tree.append(leaf);
  return tree;
}

class CountedRandomness final : public engine::Randomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, ++count_); }

 private:
  std::uint8_t count_ = 0;
};

}  // namespace autoheal::testing
