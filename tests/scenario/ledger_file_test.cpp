// The ledger lies among the files that a heal hashes and scans, and foreign programs open and close it meanwhile:
// nothing that was committed is lost.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

TEST(LedgerFile, SurvivesBeingHashedScannedOpenedAndClosedWhileItIsWritten) {
  Bridge bridge;
  bridge.write("baseline/app.conf", "port = 8080\n");
  // Each certification opens and closes the live ledger with a foreign sqlite3, the last one of its connections.
  bridge.script("tests/foreign",
                "sqlite3 -readonly var/ledger.db 'SELECT count(*) FROM entries' > counted\n"
                "sqlite3 var/ledger.db 'SELECT count(*) FROM entries' >> counted\n");
  bridge.configure(
      "  - name: EnvRecon\n"
      "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
      "    certify:\n"
      "      hashes: [\"**\"]\n"
      "      tests: [ { name: foreign, command: [tests/foreign] } ]\n"
      "      security: { paths: [\".\"], forbid: [\"NEVER [I]N HERE\"] }\n");
  constexpr int heals = 8;
  for (int round = 0; round < heals; ++round) {
    bridge.write("etc/app.conf", "damaged " + std::to_string(round) + "\n");
    const Ran healed = bridge.autoheal({"selftest"});
    ASSERT_EQ(healed.exit_code, 0) << healed.out << healed.err << bridge.autoheal({"show", "last"}).out;
  }
  EXPECT_EQ(bridge.entries("heal.completed").size(), static_cast<std::size_t>(heals));
  // Started, tested, healed, completed of each run, and eight entries of each heal.
  std::istringstream lines(bridge.autoheal({"ledger", "export"}).out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  EXPECT_EQ(count, heals * (4U + 8U));
  EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  for (const std::string& certified : bridge.entries("heal.certified")) {
    EXPECT_THAT(certified, ::testing::Not(::testing::HasSubstr("var/ledger.db\"")));
    EXPECT_THAT(certified, ::testing::Not(::testing::HasSubstr("ledger.db-wal")));
  }
}

}  // namespace
}  // namespace autoheal::testing
