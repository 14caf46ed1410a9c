// A healer dies, and the program that finds its ledger is of another version (hostile cases 110, 142 and 143,
// tests/README.md). The versions in the ledger are forged, with all hashes made good: it reads as if the other program
// had written it.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <sstream>

#include "autoheal/workflows/heal/heal_entry.hpp"
#include "tests/support/examples/documented_entries.hpp"
#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/files/forged_ledger.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string workflow(unsigned version) { return "heal/" + std::to_string(version); }
constexpr unsigned today = workflows::heal_version;

// Heals `engine` and dies right before it takes the outcome of what its `commits`-th commit led to; 0: lives.
Ran killed_after(const Bridge& bridge, unsigned commits, const std::string& engine = "Sample") {
  return run({{AUTOHEAL_KILLED_HEAL, "performed", std::to_string(commits), bridge.path("autoheal.yaml"), engine},
              {},
              {},
              bridge.path(".")});
}

void forge(const Bridge& bridge, const std::string& sql) {
  const auto path = bridge.path("var/ledger.db");
  int checkpoints = 0;  // a slow healer may have signed something before it died, or written down what it would sign
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
    database.exec(sql);
    checkpoints = database.execAndGet("SELECT count(*) FROM checkpoints").getInt();
  }
  forge_hashes(path);
  if (checkpoints == 0 && !std::filesystem::exists(path.string() + ".signed")) return;
  std::istringstream file(bridge.read("var/ledger.db.key"));
  std::string text;
  std::getline(file, text);
  const auto key = store::SigningKey::parse(text);
  ASSERT_TRUE(key) << key.error().message;
  forge_signatures(path, *key);
}

void written_by(const Bridge& bridge, unsigned before, unsigned version) {
  forge(bridge, "UPDATE entries SET data = replace(data, '\"workflow\":\"" + workflow(before) +
                    "\"', '\"workflow\":\"" + workflow(version) + "\"') WHERE type = 'heal.triggered'");
}

void expect_sound(const Bridge& bridge) {
  const Ran verified = bridge.autoheal({"ledger", "verify"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

class HealOfAnEarlierVersion : public ::testing::TestWithParam<RepairExample> {};
INSTANTIATE_TEST_SUITE_P(Program, HealOfAnEarlierVersion, ::testing::ValuesIn(repair_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(HealOfAnEarlierVersion, Case142_IsFinishedByTodaysRulesAndNamesBoth) {
  if (GetParam().since_version >= today) GTEST_SKIP() << "earlier rules made no plan for it";
  Bridge whole;
  prepare(whole, GetParam());
  const unsigned commits = static_cast<unsigned>(std::stoul(killed_after(whole, 0).out));
  for (unsigned after = 1; after < commits; after += stride(2)) {
    SCOPED_TRACE(after);
    Bridge bridge;
    prepare(bridge, GetParam());
    ASSERT_EQ(killed_after(bridge, after).exit_code, 128 + SIGKILL);
    written_by(bridge, today, today - 1);
    const Ran resumed = bridge.autoheal({"resume"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err << bridge.autoheal({"show", "last"}).out;
    GetParam().is_healed(bridge);
    const auto entries = bridge.entries("heal.resumed");
    ASSERT_THAT(entries, SizeIs(1));
    EXPECT_THAT(entries[0], AllOf(HasSubstr("\"workflow_before\":\"" + workflow(today - 1) + "\""),
                                  HasSubstr("\"workflow\":\"" + workflow(today) + "\"")));
    EXPECT_THAT(bridge.entries("heal.completed").at(0), HasSubstr("\"attempts\":1,"));
    EXPECT_THAT(bridge.entries("heal.rolled_back"), SizeIs(after == 1 ? 0 : 1));
    EXPECT_THAT(bridge.autoheal({"show", "last"}).out,
                HasSubstr("decided by version " + std::to_string(today - 1) + " of the heal workflow until now"));
    expect_sound(bridge);
    expect_documented(bridge);
  }
}

struct HealOfALaterVersion : ::testing::Test {
  HealOfALaterVersion() {
    std::string engines;
    for (const std::string name : {"Sample", "Other"}) {
      bridge.write("baseline/" + name, "port = 8080\n");
      bridge.write("etc/" + name, "damaged\n");
      engines += "  - name: " + name + "\n    self_test: [ { name: config, command: [grep, -q, port, etc/" + name +
                 "] } ]\n    repair: { files: [ { path: etc/" + name + ", baseline: baseline/" + name + " } ] }\n";
    }
    bridge.configure(engines);
  }
  Bridge bridge;
};

TEST_F(HealOfALaterVersion, Case143_IsSetAsideUntouchedUntilTheLaterProgramIsBack) {
  ASSERT_EQ(killed_after(bridge, 2).exit_code, 128 + SIGKILL);
  written_by(bridge, today, today + 1);
  const std::string before = bridge.picture(true), record = bridge.autoheal({"ledger", "export"}).out;
  for (int round = 0; round < 7; ++round) {
    const Ran refused = bridge.autoheal({"resume"});
    EXPECT_EQ(refused.exit_code, 1) << refused.out;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("is set aside"), HasSubstr("version " + std::to_string(today + 1)),
                                   HasSubstr("up to " + std::to_string(today)),
                                   HasSubstr("go on with the later version of autoheal")));
  }
  EXPECT_EQ(bridge.picture(true), before);
  EXPECT_EQ(bridge.autoheal({"ledger", "export"}).out, record) << "nothing was tried, nothing was counted";
  expect_sound(bridge);
  written_by(bridge, today + 1, today);  // the later program is back
  EXPECT_EQ(bridge.autoheal({"resume"}).exit_code, 0);
  EXPECT_EQ(bridge.read("etc/Sample"), "port = 8080\n");
}

TEST_F(HealOfALaterVersion, Case110_AHealWithAnUnreadableEntryIsReportedAndTheOthersAreRecovered) {
  bridge.replays = false;
  ASSERT_EQ(killed_after(bridge, 2).exit_code, 128 + SIGKILL);
  forge(bridge, "UPDATE entries SET data = '{\"plan_digest\":7}' WHERE type = 'heal.plan_certified'");
  ASSERT_EQ(killed_after(bridge, 2, "Other").exit_code, 128 + SIGKILL);
  const Ran resumed = bridge.autoheal({"resume"});
  EXPECT_EQ(resumed.exit_code, 1) << "one of them is not finished";
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("is set aside: heal.plan_certified: its data cannot be read")));
  EXPECT_THAT(resumed.out, HasSubstr("certified       Other")) << resumed.err;
  EXPECT_EQ(bridge.read("etc/Other"), "port = 8080\n");
  EXPECT_THAT(bridge.entries("heal.completed"), SizeIs(1));
  Daemon daemon(bridge);
  EXPECT_TRUE(eventually([&] { return daemon.ask("GET", "/metrics").body.contains("\nautoheal_heals_stuck 1\n"); }))
      << daemon.said();
  daemon.stop();
}

TEST_F(HealOfALaterVersion, Cases140And143_ALedgerOfALaterVersionIsRefusedByEveryCommand) {
  bridge.replays = false;
  ASSERT_EQ(bridge.autoheal({"selftest"}).exit_code, 0);
  SQLite::Database(bridge.path("var/ledger.db").string(), SQLite::OPEN_READWRITE)
      .exec("UPDATE meta SET value = 9 WHERE name = 'schema_version'");
  const std::string before = bridge.read("var/ledger.db") + bridge.read("var/ledger.db-wal");
  bridge.write("etc/Sample", "damaged\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"selftest"},
                                             {"heal", "Sample"},
                                             {"resume"},
                                             {"serve"},
                                             {"heals"},
                                             {"audit"},
                                             {"hold", "Sample"},
                                             {"ledger", "verify"},
                                             {"ledger", "export"},
                                             {"ledger", "checkpoint", "--sign"},
                                             {"replay", "--all"}}) {
    const Ran refused = bridge.autoheal(command);
    EXPECT_EQ(refused.exit_code, 6) << command.front() << refused.out << refused.err;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("schema version 9"), HasSubstr("knows up to 2"))) << command.front();
  }
  EXPECT_EQ(bridge.read("etc/Sample"), "damaged\n");
  EXPECT_EQ(bridge.read("var/ledger.db") + bridge.read("var/ledger.db-wal"), before);
}

}  // namespace
}  // namespace autoheal::testing
