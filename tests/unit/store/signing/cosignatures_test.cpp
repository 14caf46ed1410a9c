// Whose cosignatures count, and how they come to stand beside the ledger's own signature.
#include "autoheal/store/signing/cosignatures.hpp"

#include <gmock/gmock.h>

#include <array>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/signing/witnesses.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::SeededRandomness;
using autoheal::testing::sign_head;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t seen_at_s = 1'700'000'000;
const Timestamp today{std::chrono::seconds(seen_at_s + 60)};

// A witness of its own: an Ed25519 key in the role of one.
class WitnessKey {
 public:
  explicit WitnessKey(const std::string& name, std::uint64_t seed = 7)
      : key_([&] {
          SeededRandomness randomness(seed);
          return *SigningKey::generate(name, randomness);
        }()),
        verifier_([&] {
          const std::string text = key_.verifier().text();  // <name>+<id>+<base64>, which may hold another +
          const auto bytes = *from_base64(text.substr(text.find('+', text.find('+') + 1) + 1));
          PublicKey public_key;
          std::copy(bytes.begin() + 1, bytes.end(), public_key.begin());
          return *VerifierKey::of(name, KeyType::cosignature, public_key);
        }()) {}

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  [[nodiscard]] NoteSignature line(const std::string& text, std::uint64_t time_s = seen_at_s) const {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(time_s >> static_cast<unsigned>(shift));
    return {verifier_.name(), verifier_.id(), bytes + std::string(view_of(key_.sign(cosigned_message(time_s, text))))};
  }

 private:
  SigningKey key_;
  VerifierKey verifier_;
};

class Cosignatures : public ::testing::Test {
 protected:
  std::string with(std::vector<NoteSignature> lines) const {
    SignedNote note = note_;
    note.signatures.insert(note.signatures.end(), lines.begin(), lines.end());
    return to_text(note);
  }
  Result<Cosigned> taken(const std::string& given, Timestamp now = today) const {
    return with_cosignatures(kept_, given, witnesses_, now);
  }
  std::vector<std::string> names(const std::string& note) const {
    std::vector<std::string> all;
    for (const NoteSigner& one : cosigners_of(note, witnesses_)) all.push_back(one.key.name());
    return all;
  }

  StoredCheckpoint kept_{8, std::string(vectors::checkpoint_8)};
  SignedNote note_ = *parse_note(vectors::checkpoint_8);
  WitnessKey one_{"one.example", 1}, two_{"two.example", 2}, stranger_{"stranger.example", 3};
  std::vector<VerifierKey> witnesses_{one_.verifier(), two_.verifier()};
};

TEST_F(Cosignatures, StandBehindTheSignatureOfTheLog) {
  const auto cosigned = taken(with({two_.line(note_.text), one_.line(note_.text)}));
  ASSERT_TRUE(cosigned) << cosigned.error().message;
  EXPECT_THAT(cosigned->signers, SizeIs(2));
  EXPECT_EQ(cosigned->checkpoint.size, 8U);
  EXPECT_TRUE(cosigned->checkpoint.note.starts_with(kept_.note));
  EXPECT_EQ(names(cosigned->checkpoint.note), (std::vector<std::string>{"one.example", "two.example"}));
  EXPECT_TRUE(open_checkpoint(cosigned->checkpoint.note, std::array{autoheal::testing::log_key}))
      << "who knows no witness reads it as before";
}

TEST_F(Cosignatures, ThePublishedOneIsTaken) {
  witnesses_ = {autoheal::testing::witness_key};
  const auto cosigned = taken(vectors::cosigned_8());
  ASSERT_TRUE(cosigned) << cosigned.error().message;
  EXPECT_EQ(cosigned->checkpoint.note, vectors::cosigned_8());
}

TEST_F(Cosignatures, OnlyThoseOfWitnessesAreTakenFromANote) {
  const auto cosigned = taken(with({stranger_.line(note_.text), one_.line(note_.text)}));
  ASSERT_TRUE(cosigned);
  EXPECT_EQ(cosigned->checkpoint.note, with({one_.line(note_.text)}));
  EXPECT_EQ(taken(with({stranger_.line(note_.text)})).error().kind, ErrorKind::refused);
  EXPECT_EQ(taken(kept_.note).error().kind, ErrorKind::refused);
}

TEST_F(Cosignatures, OfAWitnessItsNewestIsKept) {
  kept_.note = with({one_.line(note_.text, seen_at_s)});
  const auto again = taken(with({one_.line(note_.text, seen_at_s - 5)}));
  ASSERT_TRUE(again);
  EXPECT_THAT(again->signers, IsEmpty()) << "nothing is new";
  const auto newer = taken(with({one_.line(note_.text, seen_at_s - 9), one_.line(note_.text, seen_at_s + 5)}));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->checkpoint.note, with({one_.line(note_.text, seen_at_s + 5)}));
  const auto second = taken(with({two_.line(note_.text)}));
  ASSERT_TRUE(second);
  EXPECT_EQ(names(second->checkpoint.note), (std::vector<std::string>{"one.example", "two.example"})) << "others stay";
}

TEST_F(Cosignatures, AFalseOneOfAWitnessIsRefusedWithAllOfTheNote) {
  NoteSignature spoiled = one_.line(note_.text);
  spoiled.bytes.back() = static_cast<char>(spoiled.bytes.back() ^ 1);
  EXPECT_EQ(taken(with({two_.line(note_.text), spoiled})).error().kind, ErrorKind::corrupt);
  NoteSignature other_time = one_.line(note_.text);
  other_time.bytes[7] = static_cast<char>(other_time.bytes[7] ^ 1);
  EXPECT_EQ(taken(with({other_time})).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(taken(with({one_.line("another text\n")})).error().kind, ErrorKind::corrupt);
  NoteSignature short_one = one_.line(note_.text);
  short_one.bytes.resize(64);
  EXPECT_EQ(taken(with({short_one})).error().kind, ErrorKind::corrupt);
}

TEST_F(Cosignatures, ATimeThatCannotBeIsRefused) {
  const auto at = [&](std::uint64_t time_s) { return taken(with({one_.line(note_.text, time_s)})); };
  EXPECT_EQ(at(0).error().kind, ErrorKind::invalid);
  EXPECT_THAT(at(seen_at_s + 2 * 3600).error().message, HasSubstr("more than an hour ahead"));
  EXPECT_EQ(at(~std::uint64_t{0}).error().kind, ErrorKind::invalid);
  EXPECT_TRUE(at(1));
  EXPECT_TRUE(at(seen_at_s + 3600));
}

TEST_F(Cosignatures, AnotherTextIsNotThisCheckpoint) {
  SignedNote other = *parse_note(vectors::checkpoint_3);
  other.signatures.push_back(one_.line(other.text));
  EXPECT_EQ(taken(to_text(other)).error().kind, ErrorKind::invalid);
  EXPECT_EQ(taken("no note").error().kind, ErrorKind::invalid);
}

TEST_F(Cosignatures, ThereIsAnEndToThem) {
  std::vector<NoteSignature> many;
  for (std::uint64_t one = 0; one < 63; ++one)
    many.push_back(WitnessKey("w" + std::to_string(one), one + 9).line(note_.text));
  kept_.note = with(many);
  EXPECT_EQ(taken(with({one_.line(note_.text)})).error().kind, ErrorKind::invalid);
}

class Witnesses : public autoheal::testing::LedgerFixture {
 protected:
  void say(const char* type, const VerifierKey& key) {
    ASSERT_EQ(append(*ledger_, "ledger", version_++, {entry(type, "{\"key\":\"" + key.text() + "\"}")},
                     engine::StreamLife::ends)
                  .status,
              engine::AppendStatus::ok);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    const auto found = witnesses_of(*reader());
    for (const Witness& one : *found) all.push_back(one.key.name());
    return all;
  }
  // Signs the head, and has it cosigned where a witness is given.
  std::uint64_t sign(const WitnessKey* witness = nullptr) {
    const std::string note = sign_head(*ledger_, path, key_);
    const StoredCheckpoint kept{ledger_->tree_head().size, note};
    if (witness == nullptr) return kept.size;
    SignedNote given = *parse_note(note);
    given.signatures.push_back(witness->line(given.text));
    const auto cosigned = with_cosignatures(kept, to_text(given), std::array{witness->verifier()}, today);
    EXPECT_TRUE(ledger_->keep_checkpoint(cosigned->checkpoint,
                                         {{cosigned_size_name(witness->verifier()), std::to_string(kept.size)}}));
    return kept.size;
  }

  std::unique_ptr<SqliteLedger> ledger_ = open();
  SigningKey key_ = autoheal::testing::signing_key(ledger_->id());
  WitnessKey one_{"one.example", 1}, two_{"two.example", 2};
  std::uint64_t version_ = 0;
};

TEST_F(Witnesses, AreThoseThatWereAddedAndNotRemoved) {
  EXPECT_THAT(names(), IsEmpty());
  say(witness_added, one_.verifier());
  say(witness_added, two_.verifier());
  EXPECT_EQ(names(), (std::vector<std::string>{"one.example", "two.example"}));
  EXPECT_EQ(witnesses_of(*reader())->front().added_by, "ops");
  say(witness_removed, one_.verifier());
  EXPECT_EQ(names(), std::vector<std::string>{"two.example"});
  say(witness_added, one_.verifier());
  EXPECT_EQ(names(), (std::vector<std::string>{"two.example", "one.example"}));
}

TEST_F(Witnesses, AnEntryThatNamesNoneIsSaidToBeDamaged) {
  append(*ledger_, "ledger", version_++, {entry(witness_added, R"({"key":"x"})")}, engine::StreamLife::ends);
  EXPECT_EQ(witnesses_of(*reader()).error().kind, ErrorKind::corrupt);
}

TEST_F(Witnesses, HaveKeysOfTheirKindAndNamesOfTheirOwn) {
  EXPECT_TRUE(read_witness_key(one_.verifier().text(), ledger_->id()));
  EXPECT_EQ(read_witness_key(key_.verifier().text(), ledger_->id()).error().kind, ErrorKind::invalid)
      << "it signs a log";
  EXPECT_EQ(read_witness_key("x", ledger_->id()).error().kind, ErrorKind::invalid);
  const WitnessKey same(origin_of(ledger_->id()));
  EXPECT_EQ(read_witness_key(same.verifier().text(), ledger_->id()).error().kind, ErrorKind::invalid);
}

TEST_F(Witnesses, EachIsAskedWhatItSawLast) {
  say(witness_added, one_.verifier());
  EXPECT_FALSE(newest_head_of(*reader(), one_.verifier()).value());
  const auto seen = sign(&one_);
  say(witness_added, two_.verifier());
  sign();
  ledger_.reset();  // another process, another day
  ledger_ = open();
  const auto head = newest_head_of(*reader(), one_.verifier()).value();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->checkpoint.size, seen);
  EXPECT_EQ(head->unix_s, seen_at_s);
  EXPECT_FALSE(newest_head_of(*reader(), two_.verifier()).value());
}

TEST_F(Witnesses, EvidenceTakesAHeadThatOneOfThemSawIfItReachesFarEnough) {
  say(witness_added, one_.verifier());
  const auto seen = sign(&one_);
  say("node.heartbeat", one_.verifier());
  const auto newest = sign();
  EXPECT_EQ(newest_witnessed_head(*reader(), seen)->checkpoint.head.size, seen);
  EXPECT_THAT(cosigners_of(newest_witnessed_head(*reader(), 1)->note, std::array{one_.verifier()}), SizeIs(1));
  EXPECT_EQ(newest_witnessed_head(*reader(), newest)->checkpoint.head.size, newest);
  say(witness_removed, one_.verifier());
  sign();
  EXPECT_GT(newest_witnessed_head(*reader(), 1)->checkpoint.head.size, newest) << "nobody is a witness any more";
}

TEST_F(Witnesses, ACosignatureThatSomebodyChangedIsFoundByVerify) {
  say(witness_added, one_.verifier());
  sign(&one_);
  ledger_.reset();
  EXPECT_TRUE(verify_ledger(path, {})->sound());
  const std::string note = reader()->newest_checkpoint()->value().note;
  const std::size_t at = note.rfind(' ') + 30;
  std::string changed = note;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  foreign("UPDATE checkpoints SET note = '" + changed + "'");
  const auto report = verify_ledger(path, {});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->sound());
  EXPECT_THAT(report->problems.front(), HasSubstr("the signature of one.example does not verify"));
}

}  // namespace
}  // namespace autoheal::store
