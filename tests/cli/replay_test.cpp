// replay and diff as people use them: on real heals, through the program.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* one_engine =
    "  - name: EnvRecon\n"
    "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
    "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf, mode: \"0640\" } ] }\n"
    "    certify: { tests: [ { name: verdict, command: [tests/verdict] } ] }\n";

// Two heals: one is certified, one is not and ends after two attempts.
class ReplayedBridge : public ::testing::Test {
 protected:
  void SetUp() override {
    bridge_.write("baseline/app.conf", "[server]\nport = 8080\nhost = localhost\n");
    bridge_.script("tests/verdict", "[ ! -e refuse ]\n");
    bridge_.configure(one_engine);
    break_and_heal("port = oops", 0);
    bridge_.write("refuse", "");
    break_and_heal("port = 1", 1);
    std::filesystem::remove(bridge_.path("refuse"));
  }
  void break_and_heal(const std::string& port, int exit_code) {
    bridge_.write("etc/app.conf", "[server]\n" + port + "\nhost = localhost\n", 0666);
    const Ran healed = bridge_.autoheal({"heal", "EnvRecon", "--error", "the port is wrong"});
    ASSERT_EQ(healed.exit_code, exit_code) << healed.err;
    heals_.push_back(json::parse(bridge_.autoheal({"heals", "-o", "json"}).out).back().at("heal"));
  }
  std::string first_seq(const std::string& type) const {
    return json::parse(bridge_.entries(type).front()).at("id").get<std::string>();
  }
  // A history that somebody with the owner's rights wrote anew, with a tree that fits: only replay can tell.
  void rewrite(const std::function<void(engine::Entry&)>& edit) {
    bridge_.replays = false;
    const auto past = store::LedgerReader::open(bridge_.path("var/ledger.db"));
    const auto entries = (*past)->read_all({}, 10'000);
    engine::testing::CountingIds ids;
    auto forged = store::SqliteLedger::open(bridge_.path("forged/ledger.db"), {.ids = ids});
    ASSERT_TRUE(forged) << forged.error().message;
    for (engine::Entry entry : entries->entries) {
      edit(entry);
      const auto life = entry.stream == "ledger" ? engine::StreamLife::goes_on : engine::StreamLife::ends;
      const engine::NewEntry& as_new = entry;
      const auto appended = (*forged)->append({{{entry.stream, entry.version - 1, {as_new}, life, {}}}, {}, 0});
      ASSERT_EQ(appended.status, engine::AppendStatus::ok) << appended.message;
    }
    forged->reset();
    std::filesystem::copy(bridge_.path("var/ledger.db.vault"), bridge_.path("forged/ledger.db.vault"),
                          std::filesystem::copy_options::recursive);
    bridge_.configure(one_engine, "ledger: forged/ledger.db\n");
  }

  Bridge bridge_;
  std::vector<std::string> heals_;
};

TEST_F(ReplayedBridge, EachHealIsTheSameAndNothingIsTouched) {
  const std::string before = bridge_.picture(true), export_before = bridge_.autoheal({"ledger", "export"}).out;
  for (const std::string& heal : heals_) {
    const Ran replayed = bridge_.autoheal({"replay", heal});
    EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
    EXPECT_THAT(replayed.out, AllOf(HasSubstr("✓ same"), HasSubstr("decided again as recorded")));
  }
  const json told = json::parse(bridge_.autoheal({"replay", "last", "-o", "json"}).out);
  EXPECT_EQ(told.at("verdict"), "same");
  EXPECT_EQ(told.at("heal_id"), heals_.back());
  const Ran all = bridge_.autoheal({"replay", "--all", "-o", "json"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_EQ(json::parse(all.out).at("same"), 2);
  EXPECT_THAT(bridge_.autoheal({"replay", "--all"}).out, HasSubstr("2 heals: 2 same, 0 diverged, 0 set aside"));
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_EQ(bridge_.autoheal({"ledger", "export"}).out, export_before);
}

TEST_F(ReplayedBridge, Case106_AnotherZoneLocaleAndFolderChangeNothing) {
  const std::string here = bridge_.autoheal({"replay", "--all", "-o", "json"}).out;
  const std::string one = bridge_.autoheal({"replay", heals_.back()}).out;
  const Bridge elsewhere;
  elsewhere.configure("  - name: Other\n    self_test: [ { name: there, command: [\"true\"] } ]\n");
  std::filesystem::copy(bridge_.path("var"), elsewhere.path("var"), std::filesystem::copy_options::recursive);
  const std::map<std::string, std::string> strange = {
      {"TZ", "Pacific/Chatham"}, {"LC_ALL", "tr_TR.UTF-8"}, {"LANG", "ar"}};
  const std::string before = elsewhere.picture(true);
  EXPECT_EQ(elsewhere.autoheal({"replay", "--all", "-o", "json"}, strange).out, here);
  EXPECT_EQ(elsewhere.autoheal({"replay", heals_.back()}, strange).out, one);
  EXPECT_EQ(elsewhere.picture(true), before);
}

TEST_F(ReplayedBridge, ARewrittenHistoryIsADivergenceWithBothSides) {
  std::string seq;
  rewrite([&](engine::Entry& entry) {
    if (entry.type != "heal.certification_refused" || !seq.empty()) return;
    seq = std::to_string(entry.position.value);
    entry.type = "heal.certified";
    entry.data.insert(
        1, "\"configuration\":\"x\",\"plan_digest\":\"x\",\"autoheal_version\":\"0\",\"autoheal_sha256\":\"x\",");
  });
  const Ran replayed = bridge_.autoheal({"replay", "last"});
  EXPECT_EQ(replayed.exit_code, 1);
  EXPECT_THAT(replayed.out, AllOf(HasSubstr("✗ diverged"), HasSubstr("at entry " + seq),
                                  HasSubstr("Certifying, attempt 1 of 2"), HasSubstr("evidence came in"),
                                  HasSubstr("✗ certified by Truth"), HasSubstr("✗ certification refused")));
  const Ran all = bridge_.autoheal({"replay", "--all", "-o", "json"});
  EXPECT_EQ(all.exit_code, 1);
  EXPECT_EQ(json::parse(all.out).at("diverged"), 1);
  EXPECT_EQ(json::parse(all.out).at("not_the_same").at(0).at("heal_id"), heals_.back());
}

TEST_F(ReplayedBridge, Case107_AChangedLedgerIsNotReplayed) {
  bridge_.replays = false;
  const std::string seq = first_seq("heal.certification_refused");
  const Ran edited = run({{"/usr/bin/sqlite3", bridge_.path("var/ledger.db"),
                           "update entries set data = replace(data, 'false', 'true') where seq = " + seq},
                          {},
                          {},
                          {}});
  ASSERT_EQ(edited.exit_code, 0) << edited.err;
  for (const auto& command : {std::vector<std::string>{"replay", "last"}, {"replay", "--all"}}) {
    const Ran replayed = bridge_.autoheal(command);
    EXPECT_EQ(replayed.exit_code, 1) << replayed.out;
    EXPECT_THAT(replayed.err, HasSubstr(seq)) << "names the entry that is not what was written";
    EXPECT_THAT(replayed.out, Not(HasSubstr("same")));
  }
}

TEST_F(ReplayedBridge, Case141_AnUnknownKindOfEntryIsShownAndItsHealSetAside) {
  rewrite([](engine::Entry& entry) {
    if (entry.type == "heal.certification_refused") entry.type = "heal.pondered";
  });
  const Ran replayed = bridge_.autoheal({"replay", "last"});
  EXPECT_EQ(replayed.exit_code, 1);
  EXPECT_THAT(replayed.out, AllOf(HasSubstr("? set aside"), HasSubstr("heal.pondered are not known to this version")));
  const json all = json::parse(bridge_.autoheal({"replay", "--all", "-o", "json"}).out);
  EXPECT_EQ(all.at("same"), 1);
  EXPECT_EQ(all.at("set_aside"), 1);
  EXPECT_THAT(bridge_.autoheal({"audit"}).out, HasSubstr("heal.pondered"));
}

TEST_F(ReplayedBridge, AVaultThatIsNotOpenToTheReaderIsSaidInOneSentence) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  bridge_.configure(
      one_engine,
      "principals: [ { name: autoheal, role: admiral, os_user: root }, { name: nobody, role: observer } ]\n");
  ::chmod(bridge_.path(".").c_str(), 0755);
  ::chmod(bridge_.path("var").c_str(), 0755);
  for (const char* file : {"ledger.db", "ledger.db-wal", "ledger.db-shm"})
    ::chmod(bridge_.path(std::string("var/") + file).c_str(), 0644);
  Invocation one = bridge_.invocation({"replay", "last"});
  one.arguments.insert(one.arguments.begin(),
                       {"/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
  const Ran refused = run(one);
  EXPECT_EQ(refused.exit_code, 6) << refused.out;
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("ledger.db.vault is not open to you"), HasSubstr("for the ledger's owner alone")));
}

TEST_F(ReplayedBridge, StandsAsItWasAtAnEntryOrATime) {
  const Ran then = bridge_.autoheal({"replay", heals_.front(), "--at", first_seq("heal.plan_certified")});
  EXPECT_EQ(then.exit_code, 0) << then.err;
  EXPECT_THAT(then.out, AllOf(HasSubstr("Repairing, attempt 1 of 2: carrying out its plan"), HasSubstr("[not yet]")));
  const Ran too_early = bridge_.autoheal({"replay", heals_.front(), "--at", "2001-01-01"});
  EXPECT_EQ(too_early.exit_code, 5);
  const Ran all = bridge_.autoheal({"replay", "--at", first_seq("heal.certification_refused")});
  EXPECT_THAT(all.out, AllOf(HasSubstr("Certifying"), HasSubstr("1 open, 1 Complete, 0 Exhausted so far")));
  const Ran now = bridge_.autoheal({"replay", "--at", "0s"});
  EXPECT_THAT(now.out, HasSubstr("0 open, 1 Complete, 1 Exhausted so far"));
}

TEST_F(ReplayedBridge, StepsForwardAndBackByCommandsFromAPipe) {
  const Ran stepped =
      bridge_.autoheal({"replay", heals_.front(), "--step"}, {}, "n\nn\np\no\nb\ns\n8\ne\nt\nn\nr\nq\nn\n");
  EXPECT_EQ(stepped.exit_code, 0) << stepped.err;
  EXPECT_THAT(
      stepped.out,
      AllOf(HasSubstr("1/8"), HasSubstr("3/8"), HasSubstr("     - port = oops"), HasSubstr("     + port = 8080"),
            HasSubstr("etc/app.conf: file, 0666"), HasSubstr("Repairing, attempt 1 of 2: looking at the world"),
            HasSubstr("test verdict passes"), HasSubstr("it ended after"), HasSubstr("{\"attempts\":1")));
  EXPECT_THAT(stepped.err, HasSubstr("this is its last entry"));
  EXPECT_THAT(stepped.out, Not(HasSubstr("9/8")));
}

TEST_F(ReplayedBridge, TellsWhichWayItWouldHaveGone) {
  const Ran fewer = bridge_.autoheal({"replay", "last", "--what-if", "max_retries=1"});
  EXPECT_EQ(fewer.exit_code, 0) << fewer.err;
  EXPECT_THAT(fewer.out, AllOf(HasSubstr("recorded  Exhausted (attempts_exhausted), attempt 2 of 2"),
                               HasSubstr("instead   Exhausted after 1 attempt: attempts_exhausted")));
  const Ran more = bridge_.autoheal({"replay", "last", "--what-if", "max_retries=5"});
  EXPECT_THAT(more.out, HasSubstr("instead   unknown from here: attempt 3 would begin"));
  const Ran untested = bridge_.autoheal({"replay", "last", "--what-if", "certify.tests=none", "-o", "json"});
  EXPECT_EQ(json::parse(untested.out).at("instead").at("ending"), "certified");
  const Ran junk = bridge_.autoheal({"replay", "last", "--what-if", "retries=5"});
  EXPECT_EQ(junk.exit_code, 2);
  EXPECT_THAT(junk.err, HasSubstr("max_retries, retry_delay"));
}

TEST_F(ReplayedBridge, ThePastUnderANewConfiguration) {
  std::string stricter = bridge_.read("autoheal.yaml");
  stricter.replace(stricter.find("max_retries: 2"), 14, "max_retries: 1");
  bridge_.write("new.yaml", stricter);
  const Ran one_attempt = bridge_.autoheal({"replay", "--all", "--with", "new.yaml", "-o", "json"});
  ASSERT_EQ(one_attempt.exit_code, 0) << one_attempt.err;
  const json told = json::parse(one_attempt.out);
  EXPECT_EQ(told.at("heals"), 2);
  EXPECT_EQ(told.at("totals").at("unchanged"), 1);
  EXPECT_EQ(told.at("totals").at("fewer_attempts"), 1);
  EXPECT_EQ(told.at("changed").at(0).at("heal_id"), heals_.back());
  bridge_.write("off.yaml", "version: 1\nhealing: { enabled: false }\nengines:\n" + std::string(one_engine));
  EXPECT_THAT(bridge_.autoheal({"replay", "--all", "--with", "off.yaml"}).out, HasSubstr("2 heals: 2 would not begin"));
  EXPECT_THAT(bridge_.autoheal({"replay", "--all", "--with", "off.yaml", "--since", "2999-01-01"}).out,
              HasSubstr("0 heals"));
  EXPECT_EQ(bridge_.autoheal({"replay", "--all", "--with", "missing.yaml"}).exit_code, 78);
}

TEST_F(ReplayedBridge, TwoHealsSideBySide) {
  const Ran differ = bridge_.autoheal({"diff", heals_.front(), heals_.back()});
  EXPECT_EQ(differ.exit_code, 1) << differ.err;
  EXPECT_THAT(differ.out, AllOf(HasSubstr("first difference:"), HasSubstr("certified by Truth"),
                                HasSubstr("certification refused")));
  const Ran same = bridge_.autoheal({"diff", heals_.front(), heals_.front()});
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_THAT(same.out, HasSubstr("both went the same way"));
}

TEST_F(ReplayedBridge, UnclearWishesAreUsageErrors) {
  for (const auto& command : std::vector<std::vector<std::string>>{{"replay"},
                                                                   {"replay", "last", "--all"},
                                                                   {"replay", "--all", "--step"},
                                                                   {"replay", "--all", "--what-if", "max_retries=1"},
                                                                   {"replay", "last", "--with", "new.yaml"},
                                                                   {"replay", "last", "--at", "yesterday"},
                                                                   {"diff", "last"}}) {
    EXPECT_EQ(bridge_.autoheal(command).exit_code, 2) << command.back();
  }
}

}  // namespace
}  // namespace autoheal::testing
