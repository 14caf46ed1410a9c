// Signed heads as people meet them: made by themselves, printed byte for byte, sent out of the host, refused where the
// ledger is not what was signed; and proofs that are checked without it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Checkpoints : public ::testing::Test {
 protected:
  void configure(const std::string& head = "") {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(file_engine("EnvRecon"), head);
  }
  void heal() {
    bridge_.write("etc/EnvRecon", "damaged\n");
    EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  }
  std::string out(std::vector<std::string> arguments) const {
    const Ran ran = bridge_.autoheal(std::move(arguments));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  }
  // As an auditor opens it, who was given note and key.
  store::Checkpoint opened(const std::string& note) const {
    const store::VerifierKey keys[] = {key()};
    const auto checkpoint = store::open_checkpoint(note, keys);
    EXPECT_TRUE(checkpoint) << checkpoint.error().message << "\n" << note;
    return checkpoint ? *checkpoint : store::Checkpoint();
  }
  store::VerifierKey key() const {
    std::string line = out({"ledger", "key"});
    line.pop_back();
    return *store::VerifierKey::parse(line);
  }
  store::TreeHead head_of_export() const {
    store::GrowingTree tree;
    std::istringstream lines(out({"ledger", "export"}));
    for (std::string line; std::getline(lines, line);) tree.append(store::leaf_hash(line));
    return tree.head();
  }
  Bridge bridge_;
};

TEST_F(Checkpoints, WhatACommandLeftIsSignedWhenItEnds) {
  configure();
  EXPECT_EQ(bridge_.autoheal({"ledger", "checkpoint"}).exit_code, 5);
  heal();
  const auto checkpoint = opened(out({"ledger", "checkpoint"}));
  EXPECT_EQ(checkpoint.head, head_of_export());
  EXPECT_GT(checkpoint.head.size, 0U);
  EXPECT_EQ(bridge_.read("var/ledger.db.signed"), store::checkpoint_body(checkpoint));
  struct stat seen{};
  ASSERT_EQ(::stat(bridge_.path("var/ledger.db.key").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777, 0600U);
}

TEST_F(Checkpoints, BlobsAreVerifiedWithTheLedgerForWhoAsks) {
  namespace fs = std::filesystem;
  configure();
  heal();
  EXPECT_THAT(out({"ledger", "verify", "--blobs"}), HasSubstr(" of the vault"));
  bridge_.replays = false;
  fs::path blob;
  for (const auto& file : fs::recursive_directory_iterator(bridge_.path("var/ledger.db.vault"))) {
    if (file.path().filename().string().starts_with("sha256-")) blob = file.path();
  }
  const std::string name = "sha256:" + blob.filename().string().substr(7);
  std::ofstream(blob, std::ios::app) << "!";
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0) << "it says nothing of contents";
  const Ran changed = bridge_.autoheal({"ledger", "verify", "--blobs"});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.out + changed.err, HasSubstr(name));
}

TEST_F(Checkpoints, TheDaemonSignsSoonAndOnDemand) {
  configure();
  bridge_.write("etc/EnvRecon", "damaged\n");
  Daemon daemon(bridge_);
  daemon.expect_count("heal.completed", 1);
  const auto newest = [&] { return bridge_.autoheal({"ledger", "checkpoint"}).out; };
  EXPECT_TRUE(eventually([&] {
    const std::string note = newest();
    return !note.empty() && opened(note).head.size >= daemon.entries("heal.completed").front().position.value;
  }));
  EXPECT_EQ(bridge_.autoheal({"hold", "EnvRecon"}).exit_code, 0);
  const std::string note = out({"ledger", "checkpoint", "--sign"});
  EXPECT_GE(opened(note).head.size, daemon.entries("engine.held").front().position.value);
  daemon.stop();
  EXPECT_EQ(opened(newest()).head, head_of_export()) << "what came last is signed when it ends";
}

TEST_F(Checkpoints, TheyLeaveTheHostWhereTheConfigurationSays) {
  bridge_.script("bin/send", "cp \"$1\" \"$2\"\n");
  configure("checkpoints: { file: out/newest, key: keys/signing, command: [bin/send, \"{checkpoint}\", sent] }\n");
  std::filesystem::create_directories(bridge_.path("out"));
  std::filesystem::create_directories(bridge_.path("keys"));
  heal();
  const std::string note = out({"ledger", "checkpoint"});
  EXPECT_EQ(bridge_.read("out/newest"), note);
  EXPECT_EQ(bridge_.read("sent"), note);
  EXPECT_TRUE(bridge_.exists("keys/signing"));
  EXPECT_FALSE(bridge_.exists("var/ledger.db.key"));
}

TEST_F(Checkpoints, ACommandThatFailsIsToldAndTheCheckpointStays) {
  bridge_.script("bin/send", "exit 3\n");
  configure("checkpoints: { command: [bin/send, \"{checkpoint}\"] }\n");
  bridge_.write("etc/EnvRecon", "damaged\n");
  const Ran healed = bridge_.autoheal({"heal", "EnvRecon"});
  EXPECT_EQ(healed.exit_code, 0);
  EXPECT_THAT(healed.err, HasSubstr("checkpoints.command"));
  EXPECT_THAT(healed.err, HasSubstr("ended with 3"));
  EXPECT_EQ(bridge_.read("var/ledger.db.checkpoint"), out({"ledger", "checkpoint"}));
}

TEST_F(Checkpoints, Case15_AKeyThatOthersCanReadStopsTheHealer) {
  configure();
  heal();
  ::chmod(bridge_.path("var/ledger.db.key").c_str(), 0644);
  bridge_.write("etc/EnvRecon", "damaged\n");
  const Ran refused = bridge_.autoheal({"heal", "EnvRecon"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("ledger.db.key can be read or written by others"));
  EXPECT_EQ(bridge_.read("etc/EnvRecon"), "damaged\n");
}

TEST_F(Checkpoints, Case97_ARestoredBackupSaysSoAndSignsNothingUntilAnAdmiralDecides) {
  configure();
  heal();
  std::filesystem::copy(bridge_.path("var"), bridge_.path("backup"), std::filesystem::copy_options::recursive);
  const std::string later = [&] {
    heal();
    return out({"ledger", "checkpoint"});
  }();
  std::filesystem::copy(bridge_.path("backup/ledger.db"), bridge_.path("var/ledger.db"),
                        std::filesystem::copy_options::overwrite_existing);
  bridge_.write("etc/EnvRecon", "damaged\n");
  const Ran healed = bridge_.autoheal({"heal", "EnvRecon"});
  EXPECT_EQ(healed.exit_code, 0) << "healing goes on";
  EXPECT_THAT(healed.err, HasSubstr("Nothing is signed"));
  const Ran refused = bridge_.autoheal({"ledger", "checkpoint", "--sign"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("--accept-rollback"));
  const auto accepted = opened(out({"ledger", "checkpoint", "--accept-rollback", "--reason", "the disk died"}));
  EXPECT_EQ(accepted.head, head_of_export());
  const auto entries = bridge_.entries("ledger.rollback_accepted");
  ASSERT_EQ(entries.size(), 1U);
  const auto data = nlohmann::json::parse(entries.front()).at("data");
  EXPECT_EQ(data.at("signed").at("size"), opened(later).head.size);
  EXPECT_EQ(data.at("by").at("reason"), "the disk died");
}

TEST_F(Checkpoints, TheKeyChangesAndTheOldOneVouchesForTheNew) {
  configure();
  heal();
  const auto before = key();
  const std::string old_note = out({"ledger", "checkpoint"});
  std::string after = out({"ledger", "key", "--rotate", "--reason", "yearly"});
  after.pop_back();
  EXPECT_EQ(key().text(), after);
  EXPECT_NE(before.text(), after);
  EXPECT_EQ(opened(out({"ledger", "checkpoint"})).head, head_of_export());
  const auto data = nlohmann::json::parse(bridge_.entries("ledger.key_rotated").front()).at("data");
  EXPECT_EQ(data.at("old"), before.text());
  EXPECT_EQ(data.at("new"), after);
  const store::VerifierKey keys[] = {before};
  EXPECT_TRUE(store::signers_of(*store::parse_note(data.at("note").get<std::string>()), keys));
}

TEST_F(Checkpoints, AnEntryIsProvedToSomebodyWithoutTheLedger) {
  configure();
  heal();
  heal();
  const std::string leaf = [&] {
    std::istringstream lines(out({"ledger", "export", "--since-seq", "5"}));
    std::string line;
    std::getline(lines, line);
    return line;
  }();
  EXPECT_THAT(leaf, HasSubstr(R"("id":"5")"));
  const store::VerifierKey keys[] = {key()};
  const auto proven = store::check_tlog_proof(out({"ledger", "prove", "--seq", "5"}), leaf, keys);
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_EQ(proven->index, 4U);
  EXPECT_FALSE(store::check_tlog_proof(out({"ledger", "prove", "--seq", "6"}), leaf, keys));
  const auto json = store::parse_inclusion_json(out({"ledger", "prove", "--seq", "5", "--format", "json"}));
  ASSERT_TRUE(json);
  EXPECT_TRUE(store::check_inclusion(*json, head_of_export()));
}

TEST_F(Checkpoints, AllOfAHealAndTheGrowthSinceACheckpointAreProvedToo) {
  configure();
  heal();
  const auto older = opened(out({"ledger", "checkpoint"})).head;
  heal();
  const auto growth = store::parse_consistency_json(out({"ledger", "prove", "--from", std::to_string(older.size)}));
  ASSERT_TRUE(growth);
  EXPECT_TRUE(store::check_consistency(*growth, older, head_of_export()));
  EXPECT_EQ(bridge_.autoheal({"ledger", "prove", "--heal", "last", "--out", "proofs"}).exit_code, 0);
  std::istringstream leaves(bridge_.read("proofs/entries.jsonl"));
  const store::VerifierKey keys[] = {key()};
  std::size_t proved = 0;
  for (std::string leaf; std::getline(leaves, leaf); ++proved) {
    const auto seq = nlohmann::json::parse(leaf).at("id").get<std::string>();
    EXPECT_TRUE(store::check_tlog_proof(bridge_.read("proofs/" + seq + ".tlog-proof"), leaf, keys)) << seq;
  }
  EXPECT_EQ(proved, bridge_.types_of_heal().size());
}

TEST_F(Checkpoints, WhatIsNotSignedYetOrNotThereIsFive) {
  configure();
  heal();
  Daemon daemon(bridge_);
  for (const std::string seq : {"0", "1000000"}) {
    const Ran missing = bridge_.autoheal({"ledger", "prove", "--seq", seq});
    EXPECT_EQ(missing.exit_code, 5) << missing.out;
  }
  EXPECT_EQ(bridge_.autoheal({"ledger", "prove", "--from", "1000000"}).exit_code, 5);
  EXPECT_EQ(bridge_.autoheal({"ledger", "prove"}).exit_code, 2);
}

TEST_F(Checkpoints, LeavesAreGivenAsHexForToolsThatReadThemSo) {
  configure();
  heal();
  std::istringstream lines(out({"ledger", "export"})), hex(out({"ledger", "export", "--leaves-hex"}));
  for (std::string line, digits; std::getline(lines, line);) {
    ASSERT_TRUE(std::getline(hex, digits));
    EXPECT_EQ(*store::bytes_from_hex(digits), line);
  }
}

}  // namespace
}  // namespace autoheal::testing
