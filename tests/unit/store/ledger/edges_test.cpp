// Questions at the edges of a ledger: where there is none, where it is older than its tree, where rows were archived or
// put in by hand; and proofs that cannot be given, each with its reason.
#include <gmock/gmock.h>

#include <array>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/support/files/stored_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using ::testing::HasSubstr;
using testing::heal;
using ::testing::IsEmpty;

struct EdgesOfALedger : testing::LedgerFixture {
  void fill(std::uint64_t count) {
    const auto ledger = open();
    for (std::uint64_t number = 0; number < count; ++number) append(*ledger, heal, number, {entry("a")});
  }
  static std::vector<std::uint64_t> numbers(const engine::Page& page) {
    std::vector<std::uint64_t> found;
    for (const auto& entry : page.entries) found.push_back(entry.position.value);
    return found;
  }
};

TEST_F(EdgesOfALedger, WhereThereIsNoneEverythingIsEmpty) {
  const auto nothing = reader();
  EXPECT_EQ(nothing->hashes(), nullptr);
  EXPECT_EQ(nothing->tree_head()->size, 0U);
  EXPECT_EQ(nothing->newest_checkpoint()->has_value(), false);
  EXPECT_THAT(*nothing->checkpoints(0, 10), IsEmpty());
  EXPECT_THAT(*nothing->open_streams(), IsEmpty());
  EXPECT_EQ(newest_signed_head(*nothing).error().kind, ErrorKind::not_found);
}

TEST(EdgesOfAnOldLedger, Case139_ThatHasNoTreeYetIsReadWithoutOne) {
  const testing::UnpackedLedger unpacked("schema-1");
  const auto old = LedgerReader::open(unpacked.path());
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_EQ((*old)->hashes(), nullptr);
  EXPECT_EQ((*old)->tree_head()->size, 0U);
  EXPECT_EQ((*old)->newest_checkpoint()->has_value(), false);
  EXPECT_THAT(*(*old)->checkpoints(0, 10), IsEmpty());
  EXPECT_FALSE((*old)->read_all({}, 10)->entries.empty());
}

TEST_F(EdgesOfALedger, APageOfNothingIsNoGap) {
  fill(3);
  const auto page = reader()->read_all({}, 0);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(page->entries, IsEmpty());
  EXPECT_EQ(page->next.value, 0U);
  EXPECT_EQ(open()->read_all({3}, 10)->next.value, 3U);
}

TEST_F(EdgesOfALedger, OfArchivedRowsWhatStayedIsAPageAndWhatIsMissingBehindThemIsNone) {
  fill(12);
  const std::array kept = {engine::Position{3}, engine::Position{6}};
  ASSERT_TRUE(open()->drop_entries({8}, kept));
  EXPECT_EQ(numbers(*reader()->read_all({}, 10)), (std::vector<std::uint64_t>{3, 6, 9, 10, 11, 12}));
  ASSERT_EQ(foreign("DELETE FROM entries WHERE seq = 11"), "");
  const auto page = reader()->read_all({}, 10);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(page.error().message, HasSubstr("entry 11 is missing"));
}

TEST_F(EdgesOfALedger, AnEntryBeforeTheFirstIsNone) {
  fill(2);
  ASSERT_EQ(foreign("UPDATE entries SET seq = 0 WHERE seq = 1"), "");
  const auto stream = reader()->read_stream(heal, 1);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(stream.error().message, HasSubstr("entry 0 stands where none can be"));
}

// No name that autoheal gives: shown as the bytes that it is.
TEST_F(EdgesOfALedger, AStreamNamedByOtherBytesThanAnIdIsShownAsItIs) {
  fill(2);
  ASSERT_EQ(foreign("INSERT INTO open_streams VALUES (x'6162', 1), (x'', 2)"), "");
  const auto streams = reader()->open_streams();
  ASSERT_TRUE(streams) << streams.error().message;
  EXPECT_THAT(*streams, ::testing::UnorderedElementsAre(heal, "ab", ""));
}

TEST_F(EdgesOfALedger, APlaceBehindTheHeadBindsTheArchive) {
  fill(5);
  const auto far = Timestamp::max();
  EXPECT_EQ(reader()->archive_bounds(far, "ledger")->unread.value, 5U);
  engine::Batch batch;
  batch.streams.push_back({heal, 5, {entry("a")}, engine::StreamLife::goes_on, {}});
  batch.places = {{"bus", {2}}, {"other", {4}}};
  ASSERT_EQ(open()->append(batch).status, engine::AppendStatus::ok);
  EXPECT_EQ(reader()->archive_bounds(far, "ledger")->unread.value, 2U);
}

TEST_F(EdgesOfALedger, ADamagedPageIsAFindingOfTheQuickCheck) {
  fill(200);
  EXPECT_THAT(*reader()->quick_check(), IsEmpty());
  ASSERT_EQ(foreign("PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = rootpage + 1 "
                    "WHERE name = 'places'"),
            "");
  EXPECT_FALSE(reader()->quick_check()->empty());
}

// ---- proofs

struct EdgesOfProofs : EdgesOfALedger {
  std::optional<SigningKey> key;
  void SetUp() override {
    fill(4);
    const auto ledger = open();
    key.emplace(testing::signing_key(ledger->id()));
    (void)testing::sign_head(*ledger, path, *key);
    append(*ledger, heal, 4, {entry("b")});
    append(*ledger, "other", 0, {entry("b")});
  }
  TreeHead head() const { return newest_signed_head(*reader())->checkpoint.head; }
  template <class Value>
  static void expect_no(const Result<Value>& proof, ErrorKind kind, const std::string& why) {
    ASSERT_FALSE(proof) << why;
    EXPECT_EQ(proof.error().kind, kind) << why;
    EXPECT_THAT(proof.error().message, HasSubstr(why));
  }
};

TEST_F(EdgesOfProofs, OfWhatCameAfterTheSignatureOrNeverAreNotThere) {
  const auto ledger = reader();
  EXPECT_TRUE(prove_entry(*ledger, {4}, head()));
  expect_no(prove_entry(*ledger, {5}, head()), ErrorKind::not_found, "entry 5 came after the newest checkpoint");
  expect_no(prove_entry(*ledger, {7}, head()), ErrorKind::not_found, "there is no entry 7");
  expect_no(prove_entry(*ledger, {0}, head()), ErrorKind::not_found, "there is no entry 0");
  expect_no(prove_stream(*ledger, heal, head()), ErrorKind::not_found, "entry 5 came after the newest checkpoint");
  EXPECT_THAT(*prove_stream(*ledger, "nowhere", head()), IsEmpty());
  expect_no(prove_line(*ledger, {5}, "{}", head()), ErrorKind::not_found, "entry 5 came after the newest checkpoint");
  expect_no(prove_growth(*ledger, 5, head()), ErrorKind::not_found, "signs 4 entries, fewer than 5");
  EXPECT_TRUE(prove_growth(*ledger, 4, head()));
}

TEST_F(EdgesOfProofs, OfAnotherLineThanWasWrittenAreNone) {
  const auto ledger = reader();
  const std::string line = leaf_line(ledger->id(), ledger->read_all({2}, 1)->entries.front());
  EXPECT_TRUE(prove_line(*ledger, {3}, line, head()));
  expect_no(prove_line(*ledger, {2}, line, head()), ErrorKind::corrupt, "entry 2 is not what was signed");
  expect_no(prove_line(*ledger, {3}, line + " ", head()), ErrorKind::corrupt, "entry 3 is not what was signed");
  ASSERT_EQ(foreign("UPDATE entries SET data = '[]' WHERE seq = 3"), "");
  expect_no(prove_entry(*reader(), {3}, head()), ErrorKind::corrupt, "entry 3 is not what was written");
  expect_no(prove_stream(*reader(), heal, head()), ErrorKind::corrupt, "entry 3 is not what was written");
}

TEST_F(EdgesOfProofs, OfATreeThatLostATileAreNone) {
  const std::string line = leaf_line(reader()->id(), reader()->read_all({2}, 1)->entries.front());
  const TreeHead signed_head = head();
  ASSERT_EQ(foreign("DELETE FROM tiles"), "");
  expect_no(prove_line(*reader(), {3}, line, signed_head), ErrorKind::corrupt, "tile 0 of level 0 is missing");
  expect_no(prove_growth(*reader(), 2, signed_head), ErrorKind::corrupt, "tile 0 of level 0 is missing");
  expect_no(prove_entry(*reader(), {3}, signed_head), ErrorKind::corrupt, "tile 0 of level 0 is missing");
}

// The tree of the older size is there, what leads on from it is not.
TEST_F(EdgesOfProofs, OfATreeThatEndsTooEarlyAreNone) {
  const TreeHead more{reader()->head()->value + 3, {}};
  expect_no(prove_growth(*reader(), 4, more), ErrorKind::corrupt, "ends before hash");
}

TEST_F(EdgesOfProofs, NeedACheckpointAndTheKeyThatSignedIt) {
  ASSERT_EQ(foreign("UPDATE meta SET value = 'no key' WHERE name = 'verifier_key'"), "");
  expect_no(newest_signed_head(*reader()), ErrorKind::corrupt, "names no key");
  const std::string other = testing::signing_key(reader()->id(), 2).verifier().text();
  ASSERT_EQ(foreign("UPDATE meta SET value = '" + other + "' WHERE name = 'verifier_key'"), "");
  expect_no(newest_signed_head(*reader()), ErrorKind::corrupt, "the newest checkpoint");
  ASSERT_EQ(foreign("DELETE FROM checkpoints"), "");
  expect_no(newest_signed_head(*reader()), ErrorKind::not_found, "no checkpoint yet");
}

}  // namespace
}  // namespace autoheal::store
