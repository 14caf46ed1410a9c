// Hostile case 87 for what signs: each call fails while its key is made, the head is signed or the key changes, to
// plain files and to the database. No signature is lost or leads back, and key and ledger belong together when the disk
// is well.
#include <gmock/gmock.h>

#include <fstream>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/key_file.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "tests/support/faults/failing_disk.hpp"
#include "tests/unit/store/ledger/faulty_vfs.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

namespace fs = std::filesystem;
using autoheal::testing::DiskFault;
using autoheal::testing::FailingDisk;
using autoheal::testing::Faults;
using autoheal::testing::faults;
using autoheal::testing::where_each_call_fails;
using ::testing::HasSubstr;

struct FailingSigner : testing::LedgerFixture {
  FailingSigner() { begin_anew(); }

  // Another ledger of one entry, which nobody has signed yet.
  void begin_anew() {
    ledger.reset();
    place = std::make_unique<testing::TemporaryFolder>(testing::memory_folder());
    path = *place / "ledger.db";
    version = 0;
    ledger = open(testing::faulty_vfs());
    say("node.started");
  }
  void next_process() {
    faults = {};
    ledger.reset();
    ledger = open("faulty");
  }
  fs::path key() const { return path.string() + ".key"; }
  Result<std::unique_ptr<CheckpointSigner>> try_signer() {
    return CheckpointSigner::open(path, key(), *ledger, randomness);
  }
  std::unique_ptr<CheckpointSigner> signer() {
    auto opened = try_signer();
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  void say(const std::string& type, const std::string& data = "{}") {
    EXPECT_EQ(append(*ledger, "ledger", version, {entry(type, data)}).status, engine::AppendStatus::ok);
    ++version;
  }
  void record(const CheckpointSigner::Rotation& rotation) {
    say("ledger.key_rotated", R"({"new":")" + rotation.new_key + "\"}");
  }

  // Key, ledger and what was signed belong together, and signing goes on.
  void expect_well() {
    const auto signs = signer();
    ASSERT_NE(signs, nullptr);
    say("node.heartbeat");
    const auto made = signs->sign_now(*ledger);
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(*made);
    const VerifierKey keys[] = {*VerifierKey::parse(*ledger->meta("verifier_key"))};
    const auto opened = open_checkpoint((*made)->note, keys);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->head, ledger->tree_head());
    EXPECT_EQ(**read_signed_head(path), *opened);
    EXPECT_EQ(**ledger->newest_checkpoint(), **made);
    EXPECT_FALSE(fs::exists(key().string() + ".next"));
  }

  // Each write to the database fails in `story`, which is told of a signer that `prepare` may have used.
  void where_each_write_fails(const std::function<void(CheckpointSigner&)>& prepare,
                              const std::function<bool(CheckpointSigner&)>& story) {
    bool came = true;
    for (int countdown = 1; came && !HasFailure(); ++countdown) {
      SCOPED_TRACE("write " + std::to_string(countdown));
      begin_anew();
      const auto signs = signer();
      prepare(*signs);
      faults.later = Faults::Later{testing::DiskCall::write, countdown, SQLITE_IOERR_WRITE, true};
      const bool done = story(*signs);
      EXPECT_EQ(done, !faults.later_came) << "what is not kept is not told as done";
      came = faults.later_came;
      EXPECT_TRUE(came || countdown > 1) << "nothing was written";
      next_process();
      expect_well();
    }
  }

  std::unique_ptr<testing::TemporaryFolder> place;
  engine::SystemRandomness randomness;
  std::unique_ptr<SqliteLedger> ledger;
  std::uint64_t version = 0;  // of stream "ledger"
};

TEST_F(FailingSigner, Case87_OneThatCannotBeginBeginsWithOneKeyWhenItCan) {
  where_each_call_fails([&](const DiskFault& fault) {
    begin_anew();
    bool reached = false;
    {
      const FailingDisk disk(fault);
      const auto opened = try_signer();
      reached = disk.reached();
      EXPECT_TRUE(opened || !opened.error().message.empty());
      EXPECT_TRUE(reached || opened);
      EXPECT_FALSE(opened && disk.sync_failed());
    }
    expect_well();
    return reached;
  });
}

TEST_F(FailingSigner, Case87_WhatCannotBeSignedIsSignedByTheNextOne) {
  where_each_call_fails([&](const DiskFault& fault) {
    begin_anew();
    const auto signs = signer();
    bool reached = false;
    {
      const FailingDisk disk(fault);
      const auto made = signs->sign_now(*ledger);
      reached = disk.reached();
      EXPECT_TRUE(made || !made.error().message.empty());
      EXPECT_TRUE(reached || (made && *made));
      EXPECT_FALSE(made && disk.sync_failed());
      EXPECT_EQ(ledger->newest_checkpoint()->has_value(), made.has_value())
          << "a signature before its head was durable";
    }
    if (const auto kept = ledger->newest_checkpoint(); *kept) {
      const auto remembered = read_signed_head(path);
      const bool is_remembered = remembered && *remembered;
      EXPECT_TRUE(is_remembered) << "a signature left, and nothing outside the database knows of it";
      EXPECT_TRUE(!is_remembered || (*remembered)->head == ledger->tree_head());
    }
    EXPECT_TRUE(signs->sign_now(*ledger)) << "the same process goes on, too";
    expect_well();
    return reached;
  });
}

TEST_F(FailingSigner, Case87_AChangeOfKeysIsDoneOrNotOnceTheDiskIsWell) {
  where_each_call_fails([&](const DiskFault& fault) {
    begin_anew();
    const auto signs = signer();
    const std::string before = signs->verifier().text();
    bool reached = false, recorded = false;
    std::string after;
    {
      const FailingDisk disk(fault);
      const auto rotation = signs->begin_rotation(randomness);
      EXPECT_TRUE(rotation || !rotation.error().message.empty());
      if (rotation) {
        record(*rotation);
        recorded = true;
        after = rotation->new_key;
        const auto finished = signs->finish_rotation(*ledger);
        EXPECT_TRUE(finished || !finished.error().message.empty());
        EXPECT_TRUE(disk.reached() || finished);
        EXPECT_FALSE(finished && disk.sync_failed());
      }
      reached = disk.reached();
    }
    EXPECT_EQ(signer()->verifier().text(), recorded ? after : before);
    expect_well();
    return reached;
  });
}

TEST_F(FailingSigner, Case87_AnUnfinishedChangeOfKeysIsForgottenOrTold) {
  where_each_call_fails([&](const DiskFault& fault) {
    begin_anew();
    const std::string before = signer()->verifier().text();
    EXPECT_TRUE(signer()->begin_rotation(randomness));  // and then it was killed
    bool reached = false;
    {
      const FailingDisk disk(fault);
      const auto opened = try_signer();
      reached = disk.reached();
      EXPECT_TRUE(opened || !opened.error().message.empty());
      EXPECT_TRUE(reached || opened);
    }
    EXPECT_EQ(signer()->verifier().text(), before);
    expect_well();
    return reached;
  });
  // It went away by itself while it was looked at.
  EXPECT_TRUE(signer()->begin_rotation(randomness));
  const FailingDisk disk({.name = "unlink", .problem = ENOENT});
  EXPECT_TRUE(try_signer());
}

TEST_F(FailingSigner, Case87_ADatabaseThatCannotBeWrittenKeepsNoSignatureAndNoKey) {
  where_each_write_fails([](CheckpointSigner&) {},
                         [&](CheckpointSigner& signs) { return signs.sign_now(*ledger).has_value(); });
  where_each_write_fails(
      [&](CheckpointSigner& signs) {
        const auto rotation = signs.begin_rotation(randomness);
        ASSERT_TRUE(rotation);
        record(*rotation);
      },
      [&](CheckpointSigner& signs) { return signs.finish_rotation(*ledger).has_value(); });
}

TEST_F(FailingSigner, TablesThatCannotBeReadAreToldAndNothingIsSigned) {
  say("node.heartbeat");
  ASSERT_TRUE(*signer()->sign_now(*ledger));
  const auto signs = signer();
  say("node.heartbeat");
  foreign("UPDATE tiles SET hashes = zeroblob(length(hashes))");
  EXPECT_FALSE(signs->sign_now(*ledger)) << "the tree of what was signed cannot be computed";

  begin_anew();
  const auto another = signer();
  (void)another->sign(ledger->tree_head());  // killed before it was kept
  foreign("ALTER TABLE checkpoints RENAME TO lost");
  EXPECT_FALSE(another->sign_now(*ledger));
  EXPECT_FALSE(try_signer());
  foreign("ALTER TABLE lost RENAME TO checkpoints; ALTER TABLE meta RENAME TO lost");
  EXPECT_FALSE(try_signer());

  begin_anew();
  EXPECT_TRUE(signer()->begin_rotation(randomness));
  foreign("DROP TABLE entries");
  EXPECT_FALSE(try_signer()) << "whether the change of keys was recorded cannot be told";
  EXPECT_TRUE(fs::exists(key().string() + ".next"));
}

TEST_F(FailingSigner, AnotherKeyOfTheSameNameIsNotTheLedgers) {
  {
    const auto signs = signer();
  }
  const auto other = SigningKey::generate(origin_of(ledger->id()), randomness);
  ASSERT_TRUE(write_key_file(key(), *other));
  const auto refused = try_signer();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("is not the one that the ledger names"));
}

TEST_F(FailingSigner, WhatAnotherLedgerSignedIsNotTakenForItsOwn) {
  {
    const auto signs = signer();
  }
  ASSERT_TRUE(write_signed_head(path, {"autoheal/another", ledger->tree_head()}));
  const auto refused = try_signer();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("is of autoheal/another"));
  for (const std::string& spoiled :
       {std::string("half of it"), "auto\x01heal\n1\n" + to_base64(std::string(32, 'x')) + "\n"}) {
    std::ofstream(path.string() + ".signed") << spoiled;
    EXPECT_THAT(try_signer().error().message, HasSubstr(path.string() + ".signed"));
  }
}

TEST_F(FailingSigner, WhereTheFileIsLostTheNewestCheckpointCounts) {
  ASSERT_TRUE(*signer()->sign_now(*ledger));
  fs::remove(path.string() + ".signed");
  EXPECT_EQ(signer()->signed_last()->head, ledger->tree_head());
  // The file of an earlier moment came back, say from a backup.
  fs::copy_file(key(), *place / "kept");
  const Checkpoint earlier{origin_of(ledger->id()), ledger->tree_head()};
  say("node.heartbeat");
  ASSERT_TRUE(*signer()->sign_now(*ledger));
  ASSERT_TRUE(write_signed_head(path, earlier));
  EXPECT_EQ(signer()->signed_last()->head.size, 2U);
  // One by an earlier key cannot be opened: nothing is remembered, and all is signed again.
  const auto signs = signer();
  const auto rotation = signs->begin_rotation(randomness);
  ASSERT_TRUE(rotation);
  record(*rotation);
  ASSERT_TRUE(signs->finish_rotation(*ledger));
  fs::remove(path.string() + ".signed");
  EXPECT_FALSE(signer()->signed_last());
  expect_well();
}

TEST_F(FailingSigner, AnEmptyLedgerInPlaceOfOneThatWasSignedIsBehindIt) {
  place = std::make_unique<testing::TemporaryFolder>(testing::memory_folder());
  ledger.reset();
  path = *place / "ledger.db";
  ledger = open();
  {
    const auto signs = signer();
  }
  EXPECT_FALSE(*signer()->sign_now(*ledger)) << "there is nothing to sign";
  ASSERT_TRUE(write_signed_head(path, {origin_of(ledger->id()), {7, leaf_hash("what was lost")}}));
  const auto refused = signer()->sign_now(*ledger);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("holds 0 entries, but 7 entries were signed"));
}

TEST_F(FailingSigner, AProcessThatEndedBetweenFileAndDatabaseIsMadeUpForWhereOthersWereKeptBefore) {
  ASSERT_TRUE(*signer()->sign_now(*ledger));
  say("node.heartbeat");
  (void)signer()->sign(ledger->tree_head());  // and then it was killed
  EXPECT_EQ((*ledger->newest_checkpoint())->size, 1U);
  ASSERT_TRUE(*signer()->sign_now(*ledger));
  EXPECT_EQ((*ledger->newest_checkpoint())->size, 2U);
}

TEST_F(FailingSigner, AChangeOfKeysThatNobodyBeganIsNotFinished) {
  const auto signs = signer();
  const auto refused = signs->finish_rotation(*ledger);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr(".next is gone"));
  std::ofstream(key().string() + ".next") << "no key";
  EXPECT_FALSE(signs->finish_rotation(*ledger));
  fs::remove(key().string() + ".next");
  expect_well();
}

TEST_F(FailingSigner, AChangeThatCameToNothingAfterOneThatWasDoneIsForgotten) {
  auto signs = signer();
  const auto done = signs->begin_rotation(randomness);
  record(*done);
  ASSERT_TRUE(signs->finish_rotation(*ledger));
  ASSERT_TRUE(signs->begin_rotation(randomness));  // and then it was killed
  EXPECT_EQ(signer()->verifier().text(), done->new_key);
  expect_well();
}

TEST_F(FailingSigner, AKeyWithoutItsNewlineIsTheSameKeyAndOneOfAnotherUserIsRefused) {
  const std::string text = signer()->verifier().text();
  fs::resize_file(key(), fs::file_size(key()) - 1);
  EXPECT_EQ(signer()->verifier().text(), text);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(key().c_str(), 12345, static_cast<gid_t>(-1)), 0);
  const auto refused = try_signer();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("belongs to another user"));
}

}  // namespace
}  // namespace autoheal::store
