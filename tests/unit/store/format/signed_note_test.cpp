// Notes: the published ones to the byte, and a table of all that is not quite a note.
#include "autoheal/store/format/signed_note.hpp"

#include <gtest/gtest.h>

#include <array>

#include "autoheal/store/format/canonical_text.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::log_key;
using autoheal::testing::witness_key;

const VerifierKey foreign_key = VerifierKey::parse(vectors::foreign_key).value();

Result<std::vector<NoteSigner>> signers(std::string_view note, const std::vector<VerifierKey>& keys) {
  return signers_of(parse_note(note).value(), keys);
}

TEST(SignedNote, ThePublishedExampleVerifies) {
  const SignedNote note = parse_note(vectors::foreign_note).value();
  EXPECT_EQ(note.text, "This is an example message.\n");
  EXPECT_EQ(to_text(note), vectors::foreign_note);
  const auto found = signers_of(note, std::array{foreign_key}).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, foreign_key);
  EXPECT_EQ(found[0].cosigned_unix_s, std::nullopt);
}

TEST(SignedNote, SigningWritesThePublishedBytes) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const SignedNote note = parse_note(vectors::checkpoint_8).value();
  EXPECT_EQ(sign_note(note.text, key).value(), vectors::checkpoint_8);
}

TEST(SignedNote, AWitnessCountsWhenItsKeyIsGivenAndIsPassedOverOtherwise) {
  const auto both = signers(vectors::cosigned_8(), {log_key, witness_key}).value();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1].key, witness_key);
  EXPECT_EQ(both[1].cosigned_unix_s, 1700000000U);
  EXPECT_EQ(signers(vectors::cosigned_8(), {log_key}).value().size(), 1U);
  EXPECT_EQ(signers(vectors::cosigned_8(), {witness_key, foreign_key}).value().size(), 1U);
}

TEST(SignedNote, ACosignatureIsNotThePlainSignatureOfTheSameKey) {
  SignedNote note = parse_note(vectors::cosigned_8()).value();
  note.signatures[1].bytes = note.signatures[0].bytes;
  EXPECT_FALSE(signers_of(note, std::array{log_key, witness_key}).has_value());
  note = parse_note(vectors::cosigned_8()).value();
  note.signatures[1].bytes[7] ^= 1;  // its time
  EXPECT_FALSE(signers_of(note, std::array{log_key, witness_key}).has_value());
  EXPECT_TRUE(signers_of(note, std::array{log_key}).has_value());
}

TEST(SignedNote, ASignatureOfNobodyKnownIsNotEnough) {
  const auto nobody = signers(vectors::checkpoint_8, {foreign_key, witness_key});
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(signers(vectors::checkpoint_8, {}).has_value());
}

TEST(SignedNote, OneKnownSignatureThatFailsSpoilsTheWholeNote) {
  SignedNote note = parse_note(vectors::cosigned_8()).value();
  note.signatures[0].bytes[5] ^= 1;
  const auto spoiled = signers_of(note, std::array{witness_key, log_key});
  ASSERT_FALSE(spoiled.has_value());
  EXPECT_EQ(spoiled.error().kind, ErrorKind::corrupt);
  EXPECT_NE(spoiled.error().message.find("ledger.example/test"), std::string::npos);
  EXPECT_TRUE(signers_of(note, std::array{witness_key}).has_value());  // where it is unknown it is passed over
}

TEST(SignedNote, AGoodLineDoesNotCoverForABadOneOfTheSameKey) {
  SignedNote note = parse_note(vectors::checkpoint_8).value();
  note.signatures.push_back(note.signatures[0]);
  EXPECT_EQ(signers_of(note, std::array{log_key}).value().size(), 1U);
  note.signatures[1].bytes[0] ^= 1;
  EXPECT_FALSE(signers_of(note, std::array{log_key}).has_value());
}

TEST(SignedNote, ThatOnlyNameOrOnlyIdIsKnownIsUnknown) {
  SignedNote note = parse_note(vectors::checkpoint_8).value();
  NoteSignature other = note.signatures[0];
  other.bytes = "junk";
  other.key_id ^= 1;
  note.signatures.push_back(other);
  other.key_id ^= 1;
  other.key_name = "ledger.example/other";
  note.signatures.push_back(other);
  EXPECT_EQ(signers_of(note, std::array{log_key}).value().size(), 1U);
}

TEST(SignedNote, TheLastEmptyLineSeparatesAndTheTextMayHaveItsOwn) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const std::string text = "one\n\n— not a signature\n\ntwo — ö\n";
  const SignedNote note = parse_note(sign_note(text, key).value()).value();
  EXPECT_EQ(note.text, text);
  EXPECT_TRUE(signers_of(note, std::array{log_key}).has_value());
}

TEST(SignedNote, SixtyFourSignaturesAreReadAndNotOneMore) {
  SignedNote note = parse_note(vectors::checkpoint_8).value();
  while (note.signatures.size() < max_note_signatures) {
    note.signatures.push_back({"other.example/" + std::to_string(note.signatures.size()), 7, std::string(3000, 'x')});
  }
  EXPECT_EQ(parse_note(to_text(note)).value(), note);
  note.signatures.push_back(note.signatures.back());
  EXPECT_EQ(parse_note(to_text(note)).error().kind, ErrorKind::invalid);
}

TEST(SignedNote, WhatIsNotQuiteANoteIsRefused) {
  const std::string good(vectors::checkpoint_8);
  const auto replaced = [&](std::string_view what, std::string_view by) {
    std::string text = good;
    return text.replace(text.rfind(what), what.size(), by);
  };
  const std::pair<const char*, std::string> wrong[] = {
      {"empty", ""},
      {"only newlines", "\n\n\n"},
      {"no signature", good.substr(0, good.find("\n\n") + 2)},
      {"no text", good.substr(good.find("\n\n"))},
      {"no empty line", replaced("\n\n", "\n")},
      {"no newline at the end", good.substr(0, good.size() - 1)},
      {"bytes after the last newline", good + "x"},
      {"an empty line after it", good + "\n"},
      {"a carriage return", replaced("8\n", "8\r\n")},
      {"carriage returns everywhere", replaced("=\n\n", "=\r\n\r\n")},
      {"a tab", replaced("8\n", "8\t\n")},
      {"an escape", replaced("8\n", "\x1b[1m8\n")},
      {"a zero byte", replaced("8\n", std::string_view("8\0\n", 3))},
      {"invalid UTF-8", replaced("8\n", "8\xff\n")},
      {"a surrogate", replaced("8\n", "8\xed\xa0\x80\n")},
      {"a plain dash", replaced("—", "-")},
      {"an en dash", replaced("—", "–")},
      {"no space after the dash", replaced("— ", "—")},
      {"two spaces after the dash", replaced("— ", "—  ")},
      {"two spaces before the base64", replaced("test 8", "test  8")},
      {"a space at the end", replaced("Pg4=\n", "Pg4= \n")},
      {"a name with a plus", replaced("test 8F", "te+st 8F")},
      {"a name with a no-break space", replaced("test 8F", "te\u00a0st 8F")},
      {"no name", replaced("ledger.example/test 8F", " 8F")},
      {"another spelling of the base64", replaced("Pg4=", "Pg5=")},
      {"no padding", replaced("Pg4=", "Pg4")},
      {"base64 for URLs", replaced("qB/5", "qB_5")},
      {"base64 over two lines", replaced("IXv4", "IXv4\n")},
      {"a key id alone", "text\n\n— a " + to_base64("abcd") + "\n"},
      {"less than a key id", "text\n\n— a " + to_base64("abc") + "\n"},
      {"too long", std::string(max_note_bytes, 'x') + "\n\n— a " + to_base64("abcde") + "\n"},
  };
  for (const auto& [what, note] : wrong) {
    const auto parsed = parse_note(note);
    ASSERT_FALSE(parsed.has_value()) << what;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid) << what;
  }
}

TEST(SignedNote, WhatCouldNotBeReadBackIsNotSigned) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  for (const std::string& text : {std::string(), std::string("\n"), std::string("no end"), std::string("a\r\n"),
                                  std::string("a\x1b\n"), std::string("\xff\n"), std::string(max_note_bytes, '\n')}) {
    EXPECT_EQ(sign_note(text, key).error().kind, ErrorKind::invalid) << text.substr(0, 10);
  }
}

}  // namespace
}  // namespace autoheal::store
