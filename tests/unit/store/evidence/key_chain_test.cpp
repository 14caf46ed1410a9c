// The keys of a ledger, one signed by the other: at a broken link the chain ends and says why.
#include "autoheal/store/signing/key_chain.hpp"

#include <gmock/gmock.h>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/store/ledger/ledger_upgrade.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/unit/store/ledger/faulty_vfs.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::faults;
using autoheal::testing::Faults;
using ::testing::HasSubstr;

const std::string origin = origin_of("019383c0-0000-7000-8000-000000000001");

class KeyChainTest : public ::testing::Test {
 protected:
  KeyChainTest() { create_tables(database_); }

  static SigningKey key_named(const std::string& name) {
    static testing::CountedRandomness randomness;
    return std::move(*SigningKey::generate(name, randomness));
  }
  static std::string rotation(const std::string& old_key, const std::string& new_key, const std::string& note) {
    std::string data = R"({"old":")" + old_key + R"(","new":")" + new_key + R"(","note":)";
    append_quoted(data, note);
    return data + "}";
  }
  static std::string rotation(const SigningKey& from, const SigningKey& to) {
    const std::string old_key = from.verifier().text(), new_key = to.verifier().text();
    return rotation(old_key, new_key, *sign_note(rotation_text(origin, old_key, new_key), from));
  }
  void say(const std::string& data) {
    SQLite::Statement insert(database_,
                             "INSERT INTO entries(stream, version, type, dataversion, time, data) "
                             "VALUES ('ledger', ?, 'ledger.key_rotated', 1, 0, ?)");
    insert.bind(1, ++version_);
    insert.bind(2, data);
    insert.exec();
  }
  void name_key(const std::string& text) {
    SQLite::Statement insert(database_, "INSERT OR REPLACE INTO meta(name, value) VALUES ('verifier_key', ?)");
    insert.bind(1, text);
    insert.exec();
  }
  // The fault of the chain; its keys stay for inspection.
  std::string why() {
    Problems problems;
    chain_ = KeyChain::read(database_, origin, problems);
    EXPECT_LE(problems.count(), 1U);
    return problems.kept().empty() ? "" : problems.kept().front().sentence;
  }

  SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  int version_ = 0;
  KeyChain chain_;
  const SigningKey one_ = key_named(origin), two_ = key_named(origin), three_ = key_named(origin);
};

TEST_F(KeyChainTest, LeadsFromTheFirstToTheOneThatIsNamed) {
  EXPECT_EQ(why(), "");
  EXPECT_EQ(chain_.key_for(0), nullptr) << "nothing was ever signed";
  name_key(one_.verifier().text());
  EXPECT_EQ(why(), "");
  EXPECT_EQ(*chain_.key_for(0), one_.verifier());
  say(rotation(one_, two_));
  say(rotation(two_, three_));
  name_key(three_.verifier().text());
  EXPECT_EQ(why(), "");
  EXPECT_EQ(*chain_.key_for(0), one_.verifier());
  EXPECT_EQ(*chain_.key_for(1), two_.verifier());
  EXPECT_EQ(*chain_.key_for(9), three_.verifier());
}

TEST_F(KeyChainTest, ALinkThatDoesNotHoldEndsIt) {
  const std::string old_key = one_.verifier().text(), new_key = two_.verifier().text();
  const std::string text = rotation_text(origin, old_key, new_key);
  const std::pair<std::string, const char*> wrong[] = {
      {"{", "it cannot be read"},
      {rotation("no key", new_key, *sign_note(text, one_)), "it names no keys"},
      {rotation(old_key, "no key", *sign_note(text, one_)), "it names no keys"},
      {rotation(old_key, new_key, "no note"), "note"},
      {rotation(old_key, new_key, *sign_note(rotation_text(origin, new_key, old_key), one_)), "says something else"},
      {rotation(old_key, new_key, *sign_note(text, two_)), "no signature is of a key that was given"},
  };
  name_key(old_key);
  for (const auto& [data, said] : wrong) {
    database_.exec("DELETE FROM entries");
    say(data);
    EXPECT_THAT(why(), HasSubstr(said)) << data;
    EXPECT_THAT(why(), HasSubstr("the change of keys does not hold"));
    EXPECT_FALSE(chain_.has(two_.verifier()));
  }
  database_.exec("DELETE FROM entries");
  say(rotation(one_, two_));
  say(rotation(one_, three_));
  EXPECT_THAT(why(), HasSubstr("does not begin with the key before it"));
  EXPECT_TRUE(chain_.has(two_.verifier())) << "as far as it held";
}

TEST_F(KeyChainTest, WhatIsNamedMustBeOneOfIt) {
  say(rotation(one_, two_));
  EXPECT_EQ(why(), "the ledger does not name its key any more");
  name_key("no key");
  EXPECT_THAT(why(), HasSubstr("what the ledger names as its key is none"));
  name_key(three_.verifier().text());
  EXPECT_THAT(why(), HasSubstr("which no change of keys led to"));
  name_key(two_.verifier().text());
  EXPECT_EQ(why(), "");
}

// Each read of its file fails in turn. That the entries are damaged is a finding; that they cannot be read is no
// answer.
TEST_F(KeyChainTest, Case87_DamageIsToldAndADiskThatFailsEndsTheReading) {
  const testing::TemporaryFolder folder;
  const std::string path = (folder / "some.db").string();
  say(rotation(one_, two_));
  name_key(two_.verifier().text());
  for (int at = 0; at < 2'000; ++at) say(R"({"filler":")" + std::string(100, 'x') + "\"}");
  database_.exec("UPDATE entries SET type = 'x' WHERE seq > 1; VACUUM INTO '" + path + "'");
  int damaged = 0, failed = 0;
  for (const int code : {SQLITE_CORRUPT, SQLITE_IOERR_READ}) {
    bool came = true;
    for (int countdown = 1; came && !HasFailure(); ++countdown) {
      SCOPED_TRACE(countdown);
      testing::faulty_vfs();
      SQLite::Database file(path, SQLite::OPEN_READONLY, 0, "faulty");
      faults.later = Faults::Later{testing::DiskCall::read, countdown, code};
      Problems problems;
      try {
        const KeyChain chain = KeyChain::read(file, origin, problems);
        EXPECT_TRUE(problems.count() > 0 || chain.has(two_.verifier()));
        damaged += problems.count() > 0 ? 1 : 0;
      } catch (const SQLite::Exception& exception) {
        failed += (exception.getErrorCode() & 0xff) == SQLITE_IOERR ? 1 : 0;
      }
      came = faults.later_came;
      faults = {};
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_GT(damaged, 0);
}

}  // namespace
}  // namespace autoheal::store
