// The talk with a witness as texts: what it is asked, and every answer that it may give, or should not.
#include "autoheal/store/tlog/add_checkpoint.hpp"

#include <gmock/gmock.h>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::sign_head;
using ::testing::HasSubstr;

class AddCheckpointOf : public autoheal::testing::LedgerFixture {
 protected:
  void grow(std::size_t count) {
    std::vector<engine::NewEntry> entries(count, entry("node.heartbeat"));
    ASSERT_EQ(append(*ledger_, "ledger", version_, entries, engine::StreamLife::ends).status, engine::AppendStatus::ok);
    version_ += count;
    note_ = sign_head(*ledger_, path, autoheal::testing::signing_key(ledger_->id()));
  }
  std::unique_ptr<SqliteLedger> ledger_ = open();
  std::uint64_t version_ = 0;
  std::string note_;
};

TEST_F(AddCheckpointOf, TheFirstTimeThereIsNothingToProve) {
  grow(3);
  const auto request = add_checkpoint_for(*reader(), 0);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request, (AddCheckpoint{0, {}, note_}));
  EXPECT_EQ(to_text(*request), "old 0\n\n" + note_);
}

TEST_F(AddCheckpointOf, LaterTheGrowthIsProved) {
  grow(3);
  const TreeHead older = ledger_->tree_head();
  grow(4);
  const auto request = add_checkpoint_for(*reader(), 3);
  ASSERT_TRUE(request);
  EXPECT_TRUE(consistency_holds(older, ledger_->tree_head(), request->proof));
  std::string lines;
  for (const Hash& hash : request->proof) lines += to_base64(view_of(hash)) + "\n";
  EXPECT_EQ(to_text(*request), "old 3\n" + lines + "\n" + note_);
  EXPECT_EQ(add_checkpoint_for(*reader(), 7)->proof, std::vector<Hash>());
}

TEST_F(AddCheckpointOf, AWitnessThatSawMoreIsNotAsked) {
  grow(3);
  const auto request = add_checkpoint_for(*reader(), 4);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().kind, ErrorKind::refused);
  EXPECT_THAT(request.error().message, HasSubstr("put back from an older backup"));
}

TEST_F(AddCheckpointOf, NothingIsAskedBeforeAnythingIsSigned) {
  EXPECT_EQ(add_checkpoint_for(*reader(), 0).error().kind, ErrorKind::not_found);
}

std::string line() {
  const std::string note = vectors::cosigned_8();
  return note.substr(note.rfind("\xE2\x80\x94"));
}

TEST(WitnessAnswers, LinesOfCosignaturesAreTakenAsTheyAre) {
  for (const std::string& lines : {line(), line() + line()}) {
    const auto answer = read_witness_answer(200, "text/plain", lines);
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, WitnessAnswer(CosignatureLines{lines}));
  }
}

TEST(WitnessAnswers, WhatIsNoLinesOfSignaturesIsRefused) {
  std::string many;
  for (int one = 0; one < 65; ++one) many += line();
  for (const std::string& body :
       {std::string(), std::string("\n"), std::string("ok\n"), line().substr(0, line().size() - 1), "\n" + line(),
        line() + "\n" + line(), line() + "\n", "another text\n\n" + line(), vectors::cosigned_8(), many,
        line() + std::string(70'000, 'x'), line().substr(0, 40) + "\n"}) {
    const auto answer = read_witness_answer(200, {}, body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid);
  }
}

TEST(WitnessAnswers, AConflictSaysTheSizeFromWhichToAskAgain) {
  EXPECT_EQ(read_witness_answer(409, "text/x.tlog.size", "20852014\n").value(), WitnessAnswer(OtherOldSize{20852014}));
  EXPECT_EQ(read_witness_answer(409, "text/x.tlog.size; charset=utf-8", "0\n").value(), WitnessAnswer(OtherOldSize{0}));
  for (const char* body :
       {"", "\n", "7", "07\n", "-7\n", "7\n\n", "7\r\n", " 7\n", "9223372036854775808\n", "<html>\n"})
    EXPECT_EQ(read_witness_answer(409, "text/x.tlog.size", body).error().kind, ErrorKind::invalid) << body;
  EXPECT_EQ(read_witness_answer(409, "text/html", "7\n").error().kind, ErrorKind::invalid) << "of some other server";
  EXPECT_EQ(read_witness_answer(409, {}, "7\n").error().kind, ErrorKind::invalid);
}

TEST(WitnessAnswers, EachRefusalHasItsMeaning) {
  const auto kind = [](unsigned status) { return read_witness_answer(status, "text/plain", "no\n").error().kind; };
  EXPECT_EQ(kind(400), ErrorKind::invalid);
  EXPECT_EQ(kind(403), ErrorKind::refused);
  EXPECT_EQ(kind(404), ErrorKind::not_found);
  EXPECT_EQ(kind(422), ErrorKind::corrupt);
  for (const unsigned status : {0U, 201U, 204U, 301U, 302U, 429U, 500U, 503U})
    EXPECT_EQ(kind(status), ErrorKind::unavailable) << status;
}

const Timestamp later{std::chrono::seconds(1'700'000'060)};

Result<std::string> kept_of(const std::string& lines,
                            const std::string& checkpoint = std::string(vectors::checkpoint_8), Timestamp now = later) {
  return cosignature_of(*VerifierKey::parse(vectors::witness_key), {0, {}, checkpoint}, {lines}, now);
}

TEST(CosignatureOf, OnlyTheWitnesssOwnLineIsKept) {
  const std::string text(vectors::checkpoint_8.substr(0, vectors::checkpoint_8.find("\n\n") + 2));
  const std::string logs(vectors::checkpoint_8.substr(text.size()));
  for (const std::string& lines : {line(), logs + line(), line() + logs}) EXPECT_EQ(kept_of(lines), text + line());
}

TEST(CosignatureOf, WhatTheCheckpointCarriesIsNotKeptAgain) {
  EXPECT_EQ(kept_of(line(), vectors::cosigned_8()), std::string());
}

TEST(CosignatureOf, FalseLinesThoseOfOthersAndThoseOfTheFutureAreRefused) {
  std::string changed = line();
  changed[changed.size() - 20] = changed[changed.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(kept_of(changed).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(kept_of(line() + changed).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(kept_of(line(), std::string(vectors::checkpoint_3)).error().kind, ErrorKind::corrupt) << "of another size";
  const std::string logs(vectors::checkpoint_8.substr(vectors::checkpoint_8.find("\n\n") + 2));
  const auto others = kept_of(logs);
  EXPECT_EQ(others.error().kind, ErrorKind::refused);
  EXPECT_THAT(others.error().message, HasSubstr("not signed by the key of witness.example/w1"));
  EXPECT_EQ(kept_of(line(), std::string(vectors::checkpoint_8), later - std::chrono::hours(2)).error().kind,
            ErrorKind::invalid);
}

}  // namespace
}  // namespace autoheal::store
