// The heads that are signed, the reasons to sign none, and that no signature leaves before its size and root are on
// disk.
#include "autoheal/store/signing/checkpoint_signer.hpp"

#include <sys/stat.h>

#include <fstream>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/signing/key_file.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

struct CheckpointSignerTest : testing::LedgerFixture {
  engine::SystemRandomness randomness;
  std::filesystem::path key = folder / "ledger.db.key";

  Result<std::unique_ptr<CheckpointSigner>> try_signer(SqliteLedger& ledger) {
    return CheckpointSigner::open(path, key, ledger, randomness);
  }
  std::unique_ptr<CheckpointSigner> signer(SqliteLedger& ledger) {
    auto opened = try_signer(ledger);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  static void grow(SqliteLedger& ledger, const std::string& stream, std::size_t count = 1) {
    EXPECT_EQ(append(ledger, stream, 0, std::vector(count, entry("a"))).status, engine::AppendStatus::ok);
  }
  // Checks as a person with the note and the key's public half.
  static Checkpoint opened(const std::string& note, const std::string& key_line) {
    const VerifierKey keys[] = {*VerifierKey::parse(key_line)};
    const auto checkpoint = open_checkpoint(note, keys);
    EXPECT_TRUE(checkpoint) << checkpoint.error().message;
    return checkpoint ? *checkpoint : Checkpoint();
  }
  void copy_ledger(const std::filesystem::path& from, const std::filesystem::path& to) const {
    for (const char* ending : {"", "-wal", "-shm"}) {
      std::filesystem::remove(to.string() + ending);
      if (std::filesystem::exists(from.string() + ending))
        std::filesystem::copy_file(from.string() + ending, to.string() + ending);
    }
  }
};

TEST_F(CheckpointSignerTest, TheHeadIsSignedOnceAndKept) {
  const auto ledger = open();
  const auto signs = signer(*ledger);
  EXPECT_FALSE(*signs->sign_now(*ledger)) << "a ledger without entries has no checkpoint";
  grow(*ledger, "one", 3);
  const auto note = *signs->sign_now(*ledger);
  ASSERT_TRUE(note);
  const auto checkpoint = opened(note->note, *ledger->meta("verifier_key"));
  EXPECT_EQ(checkpoint.origin, "autoheal/" + ledger->id());
  EXPECT_EQ(checkpoint.head, ledger->tree_head());
  EXPECT_EQ(*reader()->newest_checkpoint(), *note);
  EXPECT_EQ((*read_signed_head(path))->head, checkpoint.head);
  EXPECT_FALSE(*signs->sign_now(*ledger)) << "there is nothing new to sign";
}

TEST_F(CheckpointSignerTest, SizeAndRootAreOnDiskBeforeTheSignatureLeaves) {
  const auto ledger = open();
  const auto signs = signer(*ledger);
  grow(*ledger, "one");
  std::filesystem::create_directory(path.string() + ".signed");  // cannot be replaced by a file
  EXPECT_FALSE(signs->sign_now(*ledger));
  EXPECT_FALSE(*ledger->newest_checkpoint());
}

TEST_F(CheckpointSignerTest, TheKeyIsMadeOnceForItsOwnerAlone) {
  std::string first;
  for (int start = 0; start < 2; ++start) {
    const auto ledger = open();
    const auto text = signer(*ledger)->verifier().text();
    if (first.empty()) first = text;
    EXPECT_EQ(text, first);
  }
  struct stat seen{};
  ASSERT_EQ(::stat(key.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat((path.string() + ".key").c_str(), &seen), 0);
}

TEST_F(CheckpointSignerTest, Case15_AKeyThatOthersCanReadIsRefused) {
  signer(*open());
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    ::chmod(key.c_str(), mode);
    const auto refused = try_signer(*open());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_NE(refused.error().message.find(key.string()), std::string::npos);
  }
  ::chmod(key.c_str(), 0600);
  std::filesystem::rename(key, folder / "elsewhere");
  std::filesystem::create_symlink(folder / "elsewhere", key);
  EXPECT_FALSE(try_signer(*open()));
}

TEST_F(CheckpointSignerTest, AKeyThatIsGoneOrAnothersIsNoReasonToMakeANewOne) {
  signer(*open());
  std::filesystem::rename(key, folder / "kept");
  EXPECT_EQ(try_signer(*open()).error().kind, ErrorKind::not_found);
  const auto other = SigningKey::generate("autoheal/somebody", randomness);
  ASSERT_TRUE(write_key_file(key, *other));
  EXPECT_FALSE(try_signer(*open()));
  std::ofstream(key) << "no key\n";
  EXPECT_FALSE(try_signer(*open()));
  std::filesystem::rename(folder / "kept", key);
  EXPECT_TRUE(try_signer(*open()));
}

TEST_F(CheckpointSignerTest, Case97_ARestoredBackupSignsNothingUntilSomebodyDecides) {
  {
    const auto ledger = open();
    grow(*ledger, "one");
    (void)*signer(*ledger)->sign_now(*ledger);
  }
  const auto backup = folder / "backup.db";
  copy_ledger(path, backup);
  {
    const auto ledger = open();
    grow(*ledger, "two", 5);
    (void)*signer(*ledger)->sign_now(*ledger);
  }
  copy_ledger(backup, path);
  const auto ledger = open();
  const auto signs = signer(*ledger);
  const auto refused = signs->sign_now(*ledger);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_NE(refused.error().message.find("holds 1 entries, but 6 entries were signed"), std::string::npos)
      << refused.error().message;
  grow(*ledger, "three", 9);  // more than before, but other entries
  EXPECT_FALSE(signs->sign_now(*ledger));
  signs->accept_rollback();
  EXPECT_TRUE(*signs->sign_now(*ledger));
  EXPECT_EQ((*read_signed_head(path))->head.size, 10U);
}

TEST_F(CheckpointSignerTest, TheNewestCheckpointCountsWhereTheFileIsLost) {
  std::string after_one;
  const auto backup = folder / "backup.db";
  {
    const auto ledger = open();
    grow(*ledger, "one", 4);
    (void)*signer(*ledger)->sign_now(*ledger);
  }
  std::filesystem::remove(path.string() + ".signed");
  foreign("DELETE FROM entries WHERE seq = 4; DELETE FROM roots; INSERT INTO roots VALUES (3, zeroblob(32))");
  EXPECT_FALSE(try_open()) << "what was cut off by hand does not fit its tree";
}

TEST_F(CheckpointSignerTest, AProcessThatEndedBetweenFileAndDatabaseIsMadeUpFor) {
  const auto ledger = open();
  grow(*ledger, "one");
  (void)signer(*ledger)->sign(ledger->tree_head());  // and then it was killed
  EXPECT_FALSE(*ledger->newest_checkpoint());
  EXPECT_TRUE(*signer(*ledger)->sign_now(*ledger));
  EXPECT_TRUE(*ledger->newest_checkpoint());
}

TEST_F(CheckpointSignerTest, TheOldKeySignsTheNewOne) {
  const auto ledger = open();
  const auto signs = signer(*ledger);
  const auto old_key = signs->verifier();
  const auto rotation = signs->begin_rotation(randomness);
  ASSERT_TRUE(rotation);
  EXPECT_EQ(rotation->old_key, old_key.text());
  const VerifierKey keys[] = {old_key};
  const auto note = parse_note(rotation->note);
  EXPECT_TRUE(signers_of(*note, keys));
  EXPECT_EQ(note->text, rotation_text("autoheal/" + ledger->id(), rotation->old_key, rotation->new_key));
  ASSERT_TRUE(signs->finish_rotation(*ledger));
  EXPECT_EQ(signs->verifier().text(), rotation->new_key);
  EXPECT_EQ(*ledger->meta("verifier_key"), rotation->new_key);
  EXPECT_EQ(signer(*ledger)->verifier().text(), rotation->new_key);
}

TEST_F(CheckpointSignerTest, AHalfDoneChangeOfKeysIsFinishedOnceItIsRecordedAndForgottenBefore) {
  const auto ledger = open();
  const auto before = signer(*ledger)->verifier().text();
  (void)signer(*ledger)->begin_rotation(randomness);  // and then it was killed
  EXPECT_EQ(signer(*ledger)->verifier().text(), before);
  EXPECT_FALSE(std::filesystem::exists(key.string() + ".next"));

  const auto rotation = signer(*ledger)->begin_rotation(randomness);
  append(*ledger, "ledger", 0, {entry("ledger.key_rotated", "{\"new\":\"" + rotation->new_key + "\"}")});
  EXPECT_EQ(signer(*ledger)->verifier().text(), rotation->new_key);
}

}  // namespace
}  // namespace autoheal::store
