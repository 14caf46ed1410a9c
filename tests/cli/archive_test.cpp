// Old entries leave the ledger for a file, and nothing that could be proved before cannot be proved afterwards
// (case 105).
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Archiving : public ::testing::Test {
 protected:
  Archiving() {
    bridge_.replays = false;  // what is archived is no longer there to be decided again
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(file_engine("EnvRecon"));
  }
  void heal(const std::string& damage) {
    bridge_.write("etc/EnvRecon", damage);
    ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  }
  std::string out(std::vector<std::string> arguments) const {
    const Ran ran = bridge_.autoheal(std::move(arguments));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  }
  nlohmann::json json(std::vector<std::string> arguments) const {
    return nlohmann::json::parse(out(std::move(arguments)), nullptr, false);
  }
  std::vector<std::string> heals() const {
    std::vector<std::string> ids;
    for (const auto& heal : json({"heals", "-o", "json"})) ids.push_back(heal.at("heal"));
    return ids;
  }
  nlohmann::json archive() const { return json({"ledger", "archive", "--before", "0s", "-o", "json"}); }
  // As an auditor computes it, with nothing but lines.
  static store::TreeHead head_of(const std::string& exported) {
    store::GrowingTree tree;
    std::istringstream lines(exported);
    for (std::string line; std::getline(lines, line);) tree.append(store::leaf_hash(line));
    return tree.head();
  }
  void make_blobs_old() const {
    const timespec old[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    for (const auto& item : std::filesystem::recursive_directory_iterator(bridge_.path("var/ledger.db.vault"))) {
      if (item.is_regular_file()) {
        ASSERT_EQ(::utimensat(AT_FDCWD, item.path().c_str(), old, 0), 0);
      }
    }
  }
  std::size_t blobs() const { return json({"ledger", "stats", "-o", "json"}).at("blobs"); }
  Bridge bridge_;
};

TEST_F(Archiving, Case105_WhatLeftIsRecordedAndStaysProvable) {
  heal("damaged\n");
  heal("damaged again\n");
  const auto old = heals();
  ASSERT_EQ(old.size(), 2U);
  const std::string before = out({"ledger", "export"});
  const auto archived = archive().at(0);
  const std::string file = archived.at("file");
  const std::uint64_t last = std::stoull(archived.at("last").get<std::string>());
  EXPECT_EQ(archived.at("first"), "1");
  EXPECT_GT(last, 0U);

  // The act is an entry: who, what, where to.
  const auto told = bridge_.entries("ledger.archived");
  ASSERT_EQ(told.size(), 1U);
  const auto entry = nlohmann::json::parse(told.front());
  EXPECT_EQ(entry.at("data").at("last"), last);
  EXPECT_EQ(entry.at("data").at("file"), file);
  EXPECT_EQ(entry.at("data").at("by").at("via"), "cli");

  // Rows are gone, and nothing else: the whole ledger again, to the byte, and the root is the signed one.
  EXPECT_THAT(heals(), IsEmpty());
  const std::string whole = out({"ledger", "export", "--archive", file});
  EXPECT_EQ(whole.substr(0, before.size()), before);
  const std::string note = out({"ledger", "checkpoint", "--sign"});
  std::string line = out({"ledger", "key"});
  line.pop_back();
  const store::VerifierKey keys[] = {*store::VerifierKey::parse(line)};
  const auto checkpoint = store::open_checkpoint(note, keys);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(head_of(out({"ledger", "export", "--archive", file})), checkpoint->head);

  // Every archived entry is proved from its line in the file, and that the ledger only grew since before.
  std::istringstream lines(before);
  std::uint64_t seq = 0;
  for (std::string leaf; std::getline(lines, leaf) && ++seq <= last;) {
    std::string text = out({"ledger", "prove", "--seq", std::to_string(seq), "--archive", file, "--format", "json"});
    text.pop_back();
    const auto proof = store::parse_inclusion_json(text);
    ASSERT_TRUE(proof) << text;
    EXPECT_EQ(proof->leaf, leaf);
    EXPECT_TRUE(store::inclusion_holds(seq - 1, store::leaf_hash(leaf), checkpoint->head, proof->hashes)) << seq;
  }
  EXPECT_EQ(bridge_.autoheal({"ledger", "prove", "--from", std::to_string(last)}).exit_code, 0);
  EXPECT_EQ(bridge_
                .autoheal({"ledger", "prove", "--heal", old.front(), "--archive", file, "--out",
                           bridge_.path("proofs").string()})
                .exit_code,
            0);
}

TEST_F(Archiving, WhoAsksForWhatLeftIsToldWhereItIs) {
  heal("damaged\n");
  const std::string id = heals().at(0);
  const std::string file = archive().at(0).at("file");
  for (const std::string command : {"show", "rollback", "replay"}) {
    const Ran ran = bridge_.autoheal({command, id});
    EXPECT_EQ(ran.exit_code, 5) << command << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(file)) << command;
  }
  const Ran proof = bridge_.autoheal({"ledger", "prove", "--seq", "1"});
  EXPECT_EQ(proof.exit_code, 5);
  EXPECT_THAT(proof.err, HasSubstr(file));
  const Ran exported = bridge_.autoheal({"ledger", "export"});
  EXPECT_EQ(exported.exit_code, 0);
  EXPECT_THAT(exported.err, HasSubstr(file));
  heal("damaged since\n");
  EXPECT_EQ(heals().size(), 1U);
  EXPECT_EQ(bridge_.autoheal({"show", "last"}).exit_code, 0);
}

TEST_F(Archiving, WhatStillCountsStays) {
  ASSERT_EQ(bridge_.autoheal({"baseline", "adopt", "EnvRecon"}).exit_code, 0);
  ASSERT_EQ(bridge_.autoheal({"hold", "EnvRecon", "--for", "2h", "--reason", "new certificate"}).exit_code, 0);
  const std::string shown = out({"baseline", "show", "EnvRecon"});
  archive();
  EXPECT_EQ(out({"baseline", "show", "EnvRecon"}), shown);
  bridge_.write("etc/EnvRecon", "damaged\n");
  EXPECT_EQ(bridge_.autoheal({"selftest"}).exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/EnvRecon"), "damaged\n") << "it is held";
  // Once more, over what stayed of the first time.
  const auto again = archive();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(out({"baseline", "show", "EnvRecon"}), shown);
  EXPECT_THAT(out({"ledger", "verify"}), HasSubstr("by their hashes only: their rows were archived"));
  const auto stats = json({"ledger", "stats", "-o", "json"});
  ASSERT_EQ(stats.at("archives").size(), 2U);
  std::vector<std::string> all = {"ledger", "export"};
  for (const auto& one : stats.at("archives")) {
    all.push_back("--archive");
    all.push_back(one.at("file"));
  }
  EXPECT_EQ(head_of(out(all)).size, stats.at("entries").get<std::uint64_t>());
  // One of the two is not enough.
  const Ran half = bridge_.autoheal({"ledger", "export", "--archive", stats.at("archives").at(1).at("file")});
  EXPECT_EQ(half.exit_code, 5) << half.err;
}

TEST_F(Archiving, Case105_WhatStayedAmongArchivedRowsCannotBeTakenAwayUnnoticed) {
  ASSERT_EQ(bridge_.autoheal({"hold", "EnvRecon", "--for", "2h"}).exit_code, 0);
  archive();
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
  const std::string remove =
      "sqlite3 '" + bridge_.path("var/ledger.db").string() + "' \"DELETE FROM entries WHERE type = 'engine.held'\"";
  ASSERT_EQ(std::system(remove.c_str()), 0);
  const Ran verified = bridge_.autoheal({"ledger", "verify"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_THAT(verified.out, HasSubstr("stayed when the others were archived"));
}

TEST_F(Archiving, ContentsThatOnlyWentEntriesNameGoAlong) {
  heal("damaged once\n");
  bridge_.write("baseline/app.conf", "port = 9090\n");
  heal("damaged twice\n");
  const std::size_t before = blobs();
  make_blobs_old();
  const auto archived = archive().at(0);
  const std::size_t moved = std::stoull(archived.at("blobs").get<std::string>());
  EXPECT_GT(moved, 0U);
  EXPECT_EQ(blobs(), before - moved);
  // The current baseline is not touched: it heals, and from the vault alone.
  heal("damaged thrice\n");
  EXPECT_EQ(bridge_.read("etc/EnvRecon"), "port = 9090\n");
}

TEST_F(Archiving, YoungContentsStayAndAFileIsNeverReplaced) {
  heal("damaged\n");
  const std::size_t before = blobs();
  bridge_.write("mine", "mine");
  EXPECT_EQ(bridge_.autoheal({"ledger", "archive", "--before", "0s", "--to", bridge_.path("mine").string()}).exit_code,
            2);
  EXPECT_EQ(bridge_.read("mine"), "mine");
  EXPECT_EQ(heals().size(), 1U);
  EXPECT_EQ(archive().at(0).at("blobs"), "0");
  EXPECT_EQ(blobs(), before);
  // Nothing is old enough: no file, no entry.
  const Ran nothing = bridge_.autoheal({"ledger", "archive", "--before", "2001-01-01"});
  EXPECT_EQ(nothing.exit_code, 0);
  EXPECT_THAT(nothing.err, HasSubstr("nothing was archived"));
  EXPECT_EQ(bridge_.entries("ledger.archived").size(), 1U);
}

TEST_F(Archiving, Case105_AnArchiveThatWasChangedIsNotBelieved) {
  heal("damaged\n");
  const std::string file = archive().at(0).at("file");
  std::string bytes = bridge_.read(std::filesystem::path(file).lexically_relative(bridge_.path("")).string());
  ASSERT_FALSE(bytes.empty());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  std::ofstream(bridge_.path("changed.tar.gz"), std::ios::binary) << bytes;
  const Ran ran = bridge_.autoheal({"ledger", "export", "--archive", bridge_.path("changed.tar.gz").string()});
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("changed.tar.gz"));
}

TEST_F(Archiving, OnlyAnAdmiralMay) {
  heal("damaged\n");
  if (::geteuid() != 0) GTEST_SKIP() << "the name of this user is not known here";
  bridge_.configure(file_engine("EnvRecon"),
                    "principals: [ { name: autoheal, role: admiral, os_user: nobody-here }, "
                    "{ name: me, role: captain, os_user: root } ]\n");
  const Ran ran = bridge_.autoheal({"ledger", "archive", "--before", "0s"});
  EXPECT_EQ(ran.exit_code, 4) << ran.err;
  EXPECT_THAT(bridge_.entries("ledger.archived"), IsEmpty());
}

TEST_F(Archiving, TheDaemonArchivesAndGoesOnHealing) {
  bridge_.write("etc/EnvRecon", "damaged\n");
  Daemon daemon(bridge_);
  daemon.expect_count("heal.completed", 1);
  const auto archived = archive();
  ASSERT_EQ(archived.size(), 1U);
  bridge_.write("etc/EnvRecon", "damaged again\n");
  EXPECT_TRUE(eventually([&] { return bridge_.read("etc/EnvRecon") == "port = 8080\n"; })) << daemon.said();
  EXPECT_TRUE(eventually([&] { return heals().size() == 1; }));
  daemon.stop();
  EXPECT_EQ(head_of(out({"ledger", "export", "--archive", archived.at(0).at("file")})).size,
            json({"ledger", "stats", "-o", "json"}).at("entries").get<std::uint64_t>());
}

}  // namespace
}  // namespace autoheal::testing
