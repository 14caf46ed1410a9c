// Keys as text: exactly the published ones, one spelling each, and no word of a private one in any error.
#include <gtest/gtest.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/signing_key.hpp"
#include "autoheal/store/format/verifier_key.hpp"
#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::store {
namespace {

class FixedRandomness final : public engine::Randomness {
 public:
  explicit FixedRandomness(const Sha256& seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    ASSERT_EQ(bytes.size(), seed_.size());
    std::ranges::copy(seed_, bytes.begin());
  }

 private:
  Sha256 seed_;
};

TEST(Keys, TheVectorsAreReadAndWrittenToTheByte) {
  for (const std::string_view text : {vectors::verifier_key, vectors::witness_key, vectors::foreign_key}) {
    EXPECT_EQ(VerifierKey::parse(text).value().text(), text);
  }
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  EXPECT_EQ(key.text().view(), vectors::signing_key);
  EXPECT_EQ(key.verifier().text(), vectors::verifier_key);
  EXPECT_EQ(key.verifier().name(), vectors::origin);
  EXPECT_EQ(key_id_text(key.verifier().id()), "f05ad304");
}

TEST(Keys, AKeyIsMadeOfTheRandomnessThatIsGiven) {
  FixedRandomness randomness(sha256("test log key"));
  const SigningKey key = SigningKey::generate(std::string(vectors::origin), randomness).value();
  EXPECT_EQ(key.text().view(), vectors::signing_key);
}

TEST(Keys, TheWitnessKeyIsTheSameKindOfKeyInAnotherRole) {
  FixedRandomness randomness(sha256("test witness key"));
  const SigningKey key = SigningKey::generate("witness.example/w1", randomness).value();
  EXPECT_NE(key.verifier().text(), vectors::witness_key);
  EXPECT_EQ(key.verifier().type(), KeyType::ed25519);
  EXPECT_EQ(VerifierKey::parse(vectors::witness_key).value().type(), KeyType::cosignature);
}

TEST(Keys, ASignatureHoldsForItsMessageAndKeyOnly) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const Signature signature = key.sign("message");
  EXPECT_EQ(signature, key.sign("message"));  // RFC 8032 signs without randomness
  EXPECT_TRUE(key.verifier().verifies("message", signature));
  EXPECT_FALSE(key.verifier().verifies("message ", signature));
  EXPECT_FALSE(key.verifier().verifies("", signature));
  EXPECT_FALSE(VerifierKey::parse(vectors::foreign_key).value().verifies("message", signature));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(key.verifier().verifies("message", changed)) << bit;
  }
}

TEST(Keys, AMovedKeySignsOn) {
  SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const SigningKey moved = std::move(key);
  EXPECT_TRUE(moved.verifier().verifies("x", moved.sign("x")));
}

TEST(Keys, AMovedSecretLeavesNothingBehind) {
  for (const std::size_t length : {5U, 100U}) {  // within the string and on the heap
    SecretText secret(std::string(length, 's'));
    const SecretText moved = std::move(secret);
    EXPECT_EQ(moved.view(), std::string(length, 's'));
    EXPECT_EQ(secret.view().find('s'), std::string_view::npos);  // NOLINT: that it is empty is the point
  }
}

TEST(Keys, AnotherSpellingOfAVerifierKeyIsRefused) {
  const std::string good(vectors::verifier_key);
  const auto replaced = [&](std::string_view what, std::string_view by) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), by);
  };
  const std::string wrong[] = {
      "",
      "+",
      "++",
      "a+b",
      good + "\n",
      " " + good,
      good + " ",
      good + "+",
      replaced("f05ad304", "F05AD304"),
      replaced("f05ad304", "f05ad305"),
      replaced("f05ad304", "f05ad3"),
      replaced("f05ad304", "0f05ad304"),
      replaced("ledger", "Ledger"),
      replaced("ledger.example/test", ""),
      replaced("ledger.example", "ledger example"),
      replaced("AT8D", "AT8E"),
      replaced("AT8D", "BD8D"),  // the type of a witness, the id of a log
      replaced("AT8D", "Aj8D"),  // type 2 is not known here
      good.substr(0, good.size() - 4),
      good + "AAAA",
      replaced("4z5", "4z5="),
      std::string(vectors::signing_key),
  };
  for (const std::string& text : wrong) {
    const auto key = VerifierKey::parse(text);
    ASSERT_FALSE(key.has_value()) << text;
    EXPECT_EQ(key.error().kind, ErrorKind::invalid) << text;
  }
}

TEST(Keys, AnotherSpellingOfASigningKeyIsRefusedWithoutAWordOfIt) {
  const std::string good(vectors::signing_key);
  const std::string secret = good.substr(good.size() - 43);
  const auto replaced = [&](std::string_view what, std::string_view by) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), by);
  };
  const std::string wrong[] = {
      "",
      good + "\n",
      good + "\r",
      " " + good,
      replaced("PRIVATE+KEY+", ""),
      replaced("PRIVATE", "private"),
      replaced("f05ad304", "f05ad305"),
      replaced("f05ad304", "F05AD304"),
      replaced("+f05ad304", ""),
      replaced("test", "toast"),
      replaced("ledger.example/test", ""),
      replaced("+AYcU", "+BIcU"),  // a witness's type
      replaced("+AYcU", "+AYcV"),
      good.substr(0, good.size() - 4),
      good + "AAAA",
      std::string(vectors::verifier_key),
  };
  for (const std::string& text : wrong) {
    const auto key = SigningKey::parse(text);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().kind, ErrorKind::invalid);
    for (const std::string& word : {key.error().message, key.error().hint}) {
      EXPECT_EQ(word.find(secret.substr(4, 8)), std::string::npos) << word;
    }
  }
}

TEST(Keys, ANameThatIsNoneIsRefused) {
  FixedRandomness randomness(sha256("test log key"));
  for (const char* name : {"", "a b", "a+b", "a\n"}) {
    EXPECT_EQ(SigningKey::generate(name, randomness).error().kind, ErrorKind::invalid) << name;
    EXPECT_EQ(VerifierKey::of(name, KeyType::ed25519, {}).error().kind, ErrorKind::invalid) << name;
  }
}

}  // namespace
}  // namespace autoheal::store
