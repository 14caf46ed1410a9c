// Evidence for people who have neither the ledger nor the machine: packed here, checked somewhere else, by the program
// and by a checker that shares no code with it; and the page of a heal.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "autoheal/store/file/tar_file.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* hostile_reason = "</title><script>alert(1)</script> \"'& \x1b[31m \xe2\x80\xae";

// One heal that was certified, and a stranger with nothing but the file and the key.
class Evidence : public ::testing::Test {
 protected:
  void SetUp() override {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(file_engine("EnvRecon"));
    heal();
  }
  void heal(std::vector<std::string> more = {}) {
    bridge_.write("etc/EnvRecon", "damaged\n");
    std::vector<std::string> arguments = {"heal", "EnvRecon"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran healed = bridge_.autoheal(std::move(arguments));
    ASSERT_EQ(healed.exit_code, 0) << healed.err;
  }
  std::string packed(const std::string& name) {
    const Ran ran = bridge_.autoheal({"show", "last", "--evidence", name});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return bridge_.read(name);
  }
  std::string key() {
    std::string line = bridge_.autoheal({"ledger", "key"}).out;
    line.pop_back();
    return line;
  }
  // On a machine without ledger and configuration.
  Ran check(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {AUTOHEAL_PROGRAM, "ledger", "check"});
    return run({arguments, {{"HOME", stranger_.path("home")}}, {}, stranger_.path("")});
  }
  Ran check_with_python(const std::string& file, const std::string& by) {
    const std::string checker = AUTOHEAL_SOURCE_DIR "/tests/independent/check_bundle.py";
    return run({{"/usr/bin/python3", checker, "--key", by, stranger_.path(file)}, {}, {}, {}});
  }

  Bridge bridge_, stranger_;
};

TEST_F(Evidence, AStrangerChecksABundleByTwoProgramsThatShareNoCode) {
  for (const std::string name : {"heal.tar", "heal.tar.gz"}) {
    stranger_.write(name, packed(name));
    const Ran checked = check({name, "--key", key()});
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    EXPECT_THAT(checked.out, AllOf(HasSubstr("✓ " + name + " verifies"), HasSubstr("by a legal path to Complete"),
                                   HasSubstr("not proved  that the time stamps are right")));
    const Ran independent = check_with_python(name, key());
    EXPECT_EQ(independent.exit_code, 0) << independent.out << independent.err;
  }
  const auto told = json::parse(check({"heal.tar", "--key", key(), "-o", "json"}).out);
  EXPECT_EQ(told.at("verified"), true);
  EXPECT_EQ(told.at("kind"), "bundle");
}

TEST_F(Evidence, TheSameHealIsTheSameBytesAndNoFileIsOverwritten) {
  const std::string first = packed("one.tar");
  EXPECT_EQ(packed("two.tar"), first);
  EXPECT_EQ(bridge_.autoheal({"show", "last", "--evidence", "one.tar"}).exit_code, 2);
  EXPECT_EQ(bridge_.read("one.tar"), first);
}

TEST_F(Evidence, WithoutAKeyItSaysWhyNothingIsProved) {
  stranger_.write("heal.tar", packed("heal.tar"));
  const Ran refused = check({"heal.tar"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("a key inside the file would prove nothing"));
  EXPECT_EQ(check({"heal.tar", "--key", "nonsense"}).exit_code, 2);
  EXPECT_EQ(check({"nothing-here", "--key", key()}).exit_code, 5);
}

TEST_F(Evidence, Case101_AnotherLedgersKeyRefusesIt) {
  stranger_.write("heal.tar", packed("heal.tar"));
  Bridge other;
  other.write("baseline/app.conf", "port = 8080\n");
  other.configure(file_engine("EnvRecon"));
  other.write("etc/EnvRecon", "damaged\n");
  EXPECT_EQ(other.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  std::string foreign = other.autoheal({"ledger", "key"}).out;
  foreign.pop_back();
  EXPECT_EQ(check({"heal.tar", "--key", foreign}).exit_code, 1);
  EXPECT_EQ(check_with_python("heal.tar", foreign).exit_code, 1);
}

TEST_F(Evidence, Case107_AHealThatWasCutShortOrBegunLateIsRefusedThoughEachEntryIsSigned) {
  const auto good = store::unpack(packed("heal.tar"));
  ASSERT_TRUE(good) << good.error().message;
  auto cut = *good, late = *good, gap = *good;
  cut.entries.pop_back();
  late.entries.erase(late.entries.begin());
  gap.entries.erase(gap.entries.begin() + 2);
  for (auto* changed : {&cut, &late, &gap}) {
    changed->blobs.clear();
    const auto archive = store::pack(*changed, store::Packing::plain);
    ASSERT_TRUE(archive);
    stranger_.write("changed.tar", *archive);
    const Ran refused = check({"changed.tar", "--key", key()});
    EXPECT_EQ(refused.exit_code, 1) << refused.out;
    EXPECT_THAT(refused.out, HasSubstr("entry "));
    EXPECT_EQ(check_with_python("changed.tar", key()).exit_code, 1);
  }
}

TEST_F(Evidence, Case99_AChangedEntryIsNamed) {
  auto bundle = store::unpack(packed("heal.tar"));
  ASSERT_TRUE(bundle);
  auto& leaf = bundle->entries[1].leaf;
  leaf.replace(leaf.find("\"time\":\"20") + 8, 4, "2019");
  stranger_.write("changed.tar", *store::pack(*bundle, store::Packing::plain));
  const Ran refused = check({"changed.tar", "--key", key()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("entry " + std::to_string(bundle->entries[1].index + 1) + " "));
}

TEST_F(Evidence, WhoKnowsTheKeyOfLastYearFollowsToTodays) {
  const std::string old_key = key();
  ASSERT_EQ(bridge_.autoheal({"ledger", "key", "--rotate", "--reason", "yearly"}).exit_code, 0);
  heal();
  stranger_.write("heal.tar", packed("heal.tar"));
  const Ran checked = check({"heal.tar", "--key", old_key});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("handed the ledger by the key you gave"));
  EXPECT_EQ(check_with_python("heal.tar", old_key).exit_code, 0);
}

TEST_F(Evidence, ProofsCheckpointsAndGrowthAreCheckedToo) {
  const std::string older = bridge_.autoheal({"ledger", "checkpoint"}).out;
  const auto size = std::count(older.begin(), older.end(), '\n') > 1 ? older.substr(older.find('\n') + 1) : "";
  heal();
  stranger_.write("old", older);
  stranger_.write("new", bridge_.autoheal({"ledger", "checkpoint"}).out);
  stranger_.write("key", key() + "\n");
  stranger_.write("5.tlog-proof", bridge_.autoheal({"ledger", "prove", "--seq", "5"}).out);
  stranger_.write("growth.json", bridge_.autoheal({"ledger", "prove", "--from", size.substr(0, size.find('\n'))}).out);
  for (const std::string file : {"old", "new", "5.tlog-proof"}) {
    const Ran checked = check({file, "--key", "key"});
    EXPECT_EQ(checked.exit_code, 0) << file << checked.out << checked.err;
  }
  const std::vector<std::string> growth = {"growth.json", "--key", "key", "--checkpoint", "old", "--checkpoint"};
  auto with = growth;
  with.push_back("new");
  EXPECT_EQ(check(with).exit_code, 0);
  with.back() = "old";
  EXPECT_EQ(check(with).exit_code, 1);
  stranger_.write("leaf", "{}\n");
  EXPECT_EQ(check({"5.tlog-proof", "--key", "key", "--leaf", "leaf"}).exit_code, 1);
}

TEST_F(Evidence, AnOptionThatWouldBeIgnoredIsRefusedByName) {
  heal();
  packed("heal.tar");
  stranger_.write("heal.tar", bridge_.read("heal.tar"));
  stranger_.write("head", bridge_.autoheal({"ledger", "checkpoint"}).out);
  stranger_.write("5.json", bridge_.autoheal({"ledger", "prove", "--seq", "5", "--format", "json"}).out);
  stranger_.write("5.tlog-proof", bridge_.autoheal({"ledger", "prove", "--seq", "5"}).out);
  stranger_.write("leaf", "{}\n");
  const auto refused = [&](const std::string& file, const std::string& option, const std::string& value) {
    const Ran ran = check({file, "--key", key(), option, value});
    EXPECT_EQ(ran.exit_code, 2) << file << ran.out;
    EXPECT_THAT(ran.out, IsEmpty()) << file;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(option), HasSubstr(file + " is none"), HasSubstr("leave " + option + " out")));
  };
  for (const std::string file : {"heal.tar", "head", "5.json"}) refused(file, "--leaf", "leaf");
  for (const std::string file : {"heal.tar", "head", "5.tlog-proof"}) refused(file, "--checkpoint", "head");
  EXPECT_EQ(check({"5.json", "--key", key(), "--checkpoint", "head"}).exit_code, 0);
}

TEST_F(Evidence, ThePageObeysNoHostileTextAndFetchesNothing) {
  heal({"--reason", hostile_reason, "--error", "<img src=x onerror=alert(1)> TOKEN=abc12345"});
  const Ran ran = bridge_.autoheal({"show", "last", "--report", "heal.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string page = bridge_.read("heal.html");
  EXPECT_THAT(page, AllOf(HasSubstr("default-src 'none'"), HasSubstr("&lt;img src=x"), HasSubstr("&lt;/title&gt;"),
                          HasSubstr("autoheal ledger check")));
  for (const std::string forbidden : {"<script", "<img", "abc12345", "http:", "https:", "\x1b", "\xe2\x80\xae",
                                      " style=", "<link", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(forbidden)));
  EXPECT_EQ(bridge_.autoheal({"show", "last", "--report", "heal.html"}).exit_code, 2) << "never overwritten";
}

}  // namespace
}  // namespace autoheal::testing
