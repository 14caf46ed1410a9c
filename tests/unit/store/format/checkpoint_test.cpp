// Signed tree heads: the published ones to the byte, one spelling each, and only of the log whose key is given.
#include "autoheal/store/format/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "autoheal/store/format/canonical_text.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::log_key;
using autoheal::testing::witness_key;

SigningKey signing_key() { return SigningKey::parse(vectors::signing_key).value(); }

Checkpoint of_vectors(std::size_t size) { return {std::string(vectors::origin), vectors::head(size)}; }

TEST(Checkpoint, SigningWritesThePublishedBytes) {
  EXPECT_EQ(sign_checkpoint(signing_key(), vectors::origin, vectors::head(8)).value(), vectors::checkpoint_8);
  EXPECT_EQ(sign_checkpoint(signing_key(), vectors::origin, vectors::head(3)).value(), vectors::checkpoint_3);
  EXPECT_EQ(vectors::checkpoint_8.size(), 185U);
}

TEST(Checkpoint, OpeningReadsThem) {
  EXPECT_EQ(open_checkpoint(vectors::checkpoint_8, std::array{log_key}).value(), of_vectors(8));
  EXPECT_EQ(open_checkpoint(vectors::checkpoint_3, std::array{log_key}).value(), of_vectors(3));
  EXPECT_EQ(open_checkpoint(vectors::cosigned_8(), std::array{log_key}).value(), of_vectors(8));
  EXPECT_EQ(open_checkpoint(vectors::cosigned_8(), std::array{witness_key, log_key}).value(), of_vectors(8));
}

TEST(Checkpoint, AWitnessAloneDoesNotSpeakForTheLog) {
  const auto opened = open_checkpoint(vectors::cosigned_8(), std::array{witness_key});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
}

// The same key in the role of a witness: that it saw the text is not that it made it.
TEST(Checkpoint, ACosignatureUnderTheNameOfTheLogDoesNotSpeakForIt) {
  const SigningKey key = signing_key();
  PublicKey public_key;
  std::ranges::copy(*hash_from_base64("PwP69NTCz/tbWA6pIZt0Neuua3eM8CpOscCy1aITjPk="), public_key.begin());
  const VerifierKey cosigner = VerifierKey::of(std::string(vectors::origin), KeyType::cosignature, public_key).value();
  SignedNote note{checkpoint_body(of_vectors(8)), {}};
  const Signature signature = key.sign(cosigned_message(1, note.text));
  const std::string time("\0\0\0\0\0\0\0\1", 8);
  note.signatures.push_back({cosigner.name(), cosigner.id(), time + std::string(view_of(signature))});
  ASSERT_EQ(signers_of(note, std::array{cosigner}).value().front().cosigned_unix_s, 1U);
  EXPECT_EQ(open_checkpoint(to_text(note), std::array{cosigner, log_key}).error().kind, ErrorKind::corrupt);
}

TEST(Checkpoint, AKeyOfAnotherLedgerIsNotUsed) {
  const auto signed_note = sign_checkpoint(signing_key(), "ledger.example/other", vectors::head(8));
  ASSERT_FALSE(signed_note.has_value());
  EXPECT_EQ(signed_note.error().kind, ErrorKind::invalid);
}

TEST(Checkpoint, SizesEndBelow2To63) {
  const TreeHead largest{(std::uint64_t{1} << 63U) - 1, vectors::head(8).root};
  const std::string note = sign_checkpoint(signing_key(), vectors::origin, largest).value();
  EXPECT_EQ(open_checkpoint(note, std::array{log_key}).value().head, largest);
  EXPECT_FALSE(sign_checkpoint(signing_key(), vectors::origin, {largest.size + 1, largest.root}).has_value());
}

TEST(Checkpoint, TheEmptyTreeHasTheRootOfTheRfc) {
  const std::string note = sign_checkpoint(signing_key(), vectors::origin, {}).value();
  EXPECT_EQ(open_checkpoint(note, std::array{log_key}).value().head, vectors::head(0));
  EXPECT_FALSE(parse_checkpoint_body("o\n0\n" + to_base64(std::string(32, '\0')) + "\n").has_value());
}

// Signed properly, so that only the spelling can be what is refused.
TEST(Checkpoint, AnotherSpellingIsRefusedEvenIfItIsSigned) {
  const std::string root(vectors::roots[8].base64);
  const std::string name = std::string(vectors::origin) + "\n";
  const std::pair<const char*, std::string> wrong[] = {
      {"two lines", name + "8\n"},
      {"one line", name},
      {"an extension line", name + "8\n" + root + "\nextension\n"},
      {"an empty line after it", name + "8\n" + root + "\n\n"},
      {"an empty line within", name + "\n8\n" + root + "\n"},
      {"no origin", "\n8\n" + root + "\n"},
      {"a leading zero", name + "08\n" + root + "\n"},
      {"a sign", name + "+8\n" + root + "\n"},
      {"a negative size", name + "-8\n" + root + "\n"},
      {"a space before the size", name + " 8\n" + root + "\n"},
      {"a space after the size", name + "8 \n" + root + "\n"},
      {"a hexadecimal size", name + "0x8\n" + root + "\n"},
      {"no size", name + "\n" + root + "\n"},
      {"a size of 2^63", name + "9223372036854775808\n" + root + "\n"},
      {"a size of 2^64 + 8", name + "18446744073709551624\n" + root + "\n"},
      {"another spelling of the root", name + "8\n" + root.substr(0, 42) + "h=\n"},
      {"a root without padding", name + "8\n" + root.substr(0, 43) + "\n"},
      {"a root of 31 bytes", name + "8\n" + to_base64(std::string(31, 'x')) + "\n"},
      {"a root of 33 bytes", name + "8\n" + to_base64(std::string(33, 'x')) + "\n"},
      {"a hexadecimal root", name + "8\n" + std::string(vectors::roots[8].hex) + "\n"},
      {"size 0 with another root", name + "0\n" + root + "\n"},
  };
  for (const auto& [what, body] : wrong) {
    const auto parsed = parse_checkpoint_body(body);
    ASSERT_FALSE(parsed.has_value()) << what;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid) << what;
    const auto note = sign_note(body, signing_key());
    ASSERT_TRUE(note.has_value()) << what;
    EXPECT_FALSE(open_checkpoint(*note, std::array{log_key}).has_value()) << what;
  }
}

}  // namespace
}  // namespace autoheal::store
