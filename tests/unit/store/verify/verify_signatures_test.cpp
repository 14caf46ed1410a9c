// Keys that follow one another, a backup that was put back on purpose, and what verification makes of them.
#include <gmock/gmock.h>

#include <fstream>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using ::testing::HasSubstr;

struct VerifySignaturesTest : testing::LedgerFixture {
  engine::SystemRandomness randomness;
  std::unique_ptr<SqliteLedger> ledger = open();
  std::unique_ptr<CheckpointSigner> signs = signer();
  std::uint64_t version = 0;  // of stream "ledger"

  std::unique_ptr<CheckpointSigner> signer() {
    auto opened = CheckpointSigner::open(path, path.string() + ".key", *ledger, randomness);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  void say(const std::string& type, const std::string& data = "{}") {
    EXPECT_EQ(append(*ledger, "ledger", version++, {entry(type, data)}).status, engine::AppendStatus::ok);
  }
  std::string sign() {
    const auto made = signs->sign_now(*ledger);
    EXPECT_TRUE(made && *made);
    return made && *made ? (*made)->note : std::string();
  }
  void grow(int count) {
    for (int at = 0; at < count; ++at) say("node.heartbeat");
  }
  // Gives out the new key. `note`: what is recorded instead of what the old key signed.
  std::string rotate(const std::string& note = "") {
    const auto rotation = signs->begin_rotation(randomness);
    EXPECT_TRUE(rotation);
    JsonWriter data;
    data.begin_object().field("old", rotation->old_key).field("new", rotation->new_key);
    say("ledger.key_rotated", data.field("note", note.empty() ? rotation->note : note).end_object().take());
    EXPECT_TRUE(signs->finish_rotation(*ledger));
    return rotation->new_key;
  }
  VerifyReport verified(const VerifyOptions& options = {}) const {
    auto report = verify_ledger(path, options);
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : VerifyReport();
  }
  static std::string text_of(const VerifyReport& report) {
    std::string text;
    for (const auto& problem : report.problems) text += problem + "\n";
    return text;
  }
};

TEST_F(VerifySignaturesTest, EachCheckpointIsHeldAgainstTheKeyThatWasInForce) {
  const VerifierKey first = signs->verifier();
  grow(3);
  const std::string kept = sign();
  const std::string second = rotate();
  sign();
  grow(2);
  const std::string third = rotate();
  sign();
  const auto report = verified();
  EXPECT_EQ(text_of(report), "");
  EXPECT_EQ(report.keys, (std::vector<std::string>{first.text(), second, third}));
  EXPECT_EQ(report.checkpoints, 3U);
  EXPECT_EQ(report.signed_size, report.entries);
  // A checkpoint that is older than both changes of keys, and the key of that day.
  VerifyOptions options;
  options.keys = {first};
  for (const bool only_after : {false, true}) {
    options.kept = KeptCheckpoint{kept, only_after};
    EXPECT_EQ(text_of(verified(options)), "");
  }
}

TEST_F(VerifySignaturesTest, AChangeOfKeysThatTheOldKeyDidNotSignEndsTheChain) {
  grow(3);
  sign();
  rotate("some text\n");
  sign();
  const auto report = verified();
  EXPECT_THAT(text_of(report), HasSubstr("entry 4: the change of keys does not hold"));
  EXPECT_EQ(report.first_bad, 4U);
}

TEST_F(VerifySignaturesTest, AnOldKeySignsNothingAfterItsEnd) {
  grow(3);
  const auto old_key = std::filesystem::path(path.string() + ".key");
  std::filesystem::copy_file(old_key, folder / "stolen.key");
  rotate();
  grow(2);
  const TreeHead head = ledger->tree_head();
  // A forgery with the stolen old key.
  std::ifstream file(folder / "stolen.key");
  std::string line;
  std::getline(file, line);
  const auto stolen = SigningKey::parse(line);
  ASSERT_TRUE(stolen);
  const auto note = sign_checkpoint(*stolen, origin_of(ledger->id()), head);
  ASSERT_TRUE(ledger->keep_checkpoint({head.size, *note}));
  EXPECT_THAT(text_of(verified()), HasSubstr("the checkpoint of 6 entries does not verify"));
}

TEST_F(VerifySignaturesTest, Case97_ABackupThatWasPutBackShowsUntilAnAdmiralAcceptsIt) {
  grow(5);
  sign();
  EXPECT_EQ(foreign(".backup '" + (folder / "backup.db").string() + "'"), "");
  grow(5);
  const std::string kept = sign();
  const auto lost = *signs->signed_last();
  const VerifierKey key = signs->verifier();
  ledger.reset();
  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + ending);
  std::filesystem::copy_file(folder / "backup.db", path);
  const auto behind = verified();
  EXPECT_EQ(behind.first_bad, 6U);
  EXPECT_THAT(text_of(behind), HasSubstr("entries 6 to 10 are missing: what was signed last has 10 entries"));

  ledger = open();
  signs = signer();
  version = 5;
  JsonWriter data;
  const auto head = [&](const char* name, const TreeHead& of) {
    data.key(name).begin_object().field("size", of.size).field("root", to_hex(of.root)).end_object();
  };
  data.begin_object();
  head("signed", lost.head);
  head("present", ledger->tree_head());
  say("ledger.rollback_accepted", data.end_object().take());
  EXPECT_EQ(text_of(verified()), "") << "accepted, and not yet signed";
  signs->accept_rollback();
  sign();
  EXPECT_EQ(text_of(verified()), "");
  // Who kept a checkpoint of what is gone still sees it, and why.
  VerifyOptions options;
  options.keys = {key};
  options.kept = KeptCheckpoint{kept, false};
  EXPECT_THAT(text_of(verified(options)), HasSubstr("entry 6 says that the ledger was put back to 5 entries"));
}

TEST_F(VerifySignaturesTest, ALedgerThatIsGoneIsNoSoundOneForWhoeverHasItsCheckpoint) {
  grow(3);
  VerifyOptions options;
  options.keys = {signs->verifier()};
  ledger.reset();
  for (const char* ending : {"", "-wal", "-shm", ".key", ".signed", ".lock"})
    std::filesystem::remove(path.string() + ending);
  EXPECT_TRUE(verified().sound());
  EXPECT_THAT(text_of(verified(options)), HasSubstr("there is no ledger"));
}

}  // namespace
}  // namespace autoheal::store
