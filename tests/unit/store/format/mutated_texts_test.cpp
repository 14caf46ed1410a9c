// Thousands of random changes to valid keys, notes and proofs, the same in every run: nothing crashes, what is read has
// one spelling, and what verifies says what the original said.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "autoheal/store/file/leaves_file.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::log_key;
using autoheal::testing::witness_key;

constexpr int rounds = 20000;

class Mutations {
 public:
  explicit Mutations(std::uint64_t seed) : random_(seed) {}

  // `text` with one to four changes.
  std::string of(std::string text) {
    for (std::size_t count = 1 + below(4); count > 0; --count) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  std::string piece() {
    static const std::array<std::string, 16> telling = {
        "\n", "\n\n", "=", "==", "0", "-", " ", "— ", "+", "\r\n", "\xff", std::string(1, '\0'), "9223372036854775808",
        "\"", "[",    "}"};
    return below(2) == 0 ? telling[below(telling.size())] : std::string(1, static_cast<char>(random_()));
  }

  void change(std::string& text) {
    const std::size_t at = below(text.size()), length = 1 + below(std::min<std::size_t>(40, text.size() - at));
    const std::size_t to = below(text.size() + 1);
    switch (text.empty() ? 2 : below(7)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        return;
      case 1:
        text.erase(at, length);
        return;
      case 2:
        text.insert(to, piece());
        return;
      case 3:
        text.replace(at, 1, piece());
        return;
      case 4:
        text.insert(to, text.substr(at, length));
        return;
      case 5:
        std::swap(text[at], text[below(text.size())]);
        return;
      default:
        text.resize(at);
    }
  }

  std::mt19937_64 random_;
};

TEST(MutatedTexts, CheckpointsThatOpenSayWhatWasSigned) {
  Mutations mutations(1);
  const Checkpoint good = open_checkpoint(vectors::checkpoint_8, std::array{log_key}).value();
  for (int round = 0; round < rounds; ++round) {
    const std::string text = mutations.of(vectors::cosigned_8());
    if (const auto note = parse_note(text)) {
      ASSERT_EQ(to_text(*note), text) << round;
    }
    if (const auto opened = open_checkpoint(text, std::array{log_key, witness_key})) {
      ASSERT_EQ(*opened, good) << round;
    }
  }
}

TEST(MutatedTexts, ProofFilesThatHoldProveWhatTheOriginalProved) {
  Mutations mutations(2);
  const TlogProof good = parse_tlog_proof(vectors::tlog_proof_5_of_8()).value();
  for (int round = 0; round < rounds; ++round) {
    const std::string text = mutations.of(vectors::tlog_proof_5_of_8());
    const auto proof = parse_tlog_proof(text);
    if (proof) {
      ASSERT_EQ(to_text(*proof), text) << round;
    }
    const auto proven = check_tlog_proof(text, vectors::leaves()[5], std::array{log_key});
    if (!proven) continue;
    ASSERT_EQ(proven->index, good.index) << round;
    ASSERT_EQ(proven->checkpoint.head, vectors::head(8)) << round;
    ASSERT_EQ(proof->hashes, good.hashes) << round;
  }
}

TEST(MutatedTexts, JsonProofsThatHoldAreTheOriginal) {
  Mutations mutations(3);
  const InclusionProof inclusion = parse_inclusion_json(vectors::inclusion_5_of_8).value();
  const ConsistencyProof consistency = parse_consistency_json(vectors::consistency_3_to_8).value();
  for (int round = 0; round < rounds; ++round) {
    const auto changed = parse_inclusion_json(mutations.of(std::string(vectors::inclusion_5_of_8)));
    if (changed && check_inclusion(*changed, vectors::head(8))) {
      ASSERT_EQ(*changed, inclusion) << round;
    }
    const auto other = parse_consistency_json(mutations.of(std::string(vectors::consistency_3_to_8)));
    if (other && check_consistency(*other, vectors::head(3), vectors::head(8))) {
      ASSERT_EQ(*other, consistency) << round;
    }
  }
}

TEST(MutatedTexts, KeysAreTheOriginalOrNone) {
  Mutations mutations(4);
  for (int round = 0; round < rounds; ++round) {
    const std::string verifier = mutations.of(std::string(vectors::verifier_key));
    ASSERT_EQ(VerifierKey::parse(verifier).has_value(), verifier == vectors::verifier_key) << round;
    const std::string signing = mutations.of(std::string(vectors::signing_key));
    ASSERT_EQ(SigningKey::parse(signing).has_value(), signing == vectors::signing_key) << round;
  }
}

TEST(MutatedTexts, LeavesThatAreReadHaveOneSpelling) {
  Mutations mutations(5);
  std::string good;
  for (const std::string& leaf : vectors::leaves()) good += leaf_to_hex_line(leaf);
  for (int round = 0; round < rounds; ++round) {
    const std::string text = mutations.of(good);
    std::string again;
    const auto read = each_leaf(text, [&](std::string_view leaf) { again += leaf_to_hex_line(leaf); });
    if (read) {
      ASSERT_EQ(again, text) << round;
    }
  }
}

}  // namespace
}  // namespace autoheal::store
