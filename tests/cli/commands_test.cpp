// The program as people meet it: exit codes, what stands on stdout and what on stderr, what is refused.
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Commands : public ::testing::Test {
 protected:
  void broken_file(const std::string& head = "", const std::string& name = "EnvRecon") const {
    bridge_.script("tests/verdict", "[ ! -e refuse ]\n");
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n");
    bridge_.configure(
        "  - name: " + name +
            "\n"
            "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
            "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
            "    certify: { hashes: [etc/app.conf], tests: [ { name: verdict, command: [tests/verdict] } ] }\n",
        head);
  }
  Bridge bridge_;
};

TEST_F(Commands, WhatOnlyWarnsOrReportsIsToldAndHealsNothing) {
  bridge_.script("tests/disk", "echo 'DISK WARNING - 9% free'; exit 1\n");
  bridge_.script("tests/backup", "echo 'no backup today' >&2; exit 2\n");
  bridge_.configure(
      "  - name: Steward\n"
      "    self_test:\n"
      "      - { name: disk, plugin: [tests/disk] }\n"
      "      - { name: backup, plugin: [tests/backup], heal: false }\n");
  const Ran tested = bridge_.autoheal({"selftest"});
  EXPECT_EQ(tested.exit_code, 0) << tested.err;
  EXPECT_THAT(tested.out,
              AllOf(HasSubstr("✅ Steward"), HasSubstr("disk: "), HasSubstr("9% free"), HasSubstr("backup: ")));
  EXPECT_THAT(bridge_.entries("heal.triggered"), IsEmpty());
  const auto entries = bridge_.entries("selftest.engine_tested");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(json::parse(entries.front()).at("data").at("reported").get<std::string>(), HasSubstr("9% free"));
}

TEST_F(Commands, OpenSslSettingsOfTheMachineNeitherHoldItUpNorEndIt) {
  ASSERT_EQ(::mkfifo(bridge_.path("pipe").c_str(), 0600), 0);  // nobody ever writes to it
  bridge_.write("no_provider",
                "openssl_conf = all\n[all]\nproviders = some\n[some]\nnull = one\n[one]\nactivate = 1\n");
  bridge_.write("no_module",
                "openssl_conf = all\n[all]\nproviders = some\n[some]\nx = one\n[one]\nmodule = /no/such.so\n"
                "activate = 1\n");
  bridge_.write("must_be_good", "config_diagnostics = 1\nopenssl_conf = no_such_section\n");
  bridge_.write("nonsense", std::string("[\0\377=", 4));
  for (const char* settings : {"pipe", "no_provider", "no_module", "must_be_good", "nonsense", "missing", "."}) {
    broken_file();
    const Ran healed = bridge_.autoheal({"selftest"}, {{"OPENSSL_CONF", bridge_.path(settings)}});
    EXPECT_EQ(healed.exit_code, 0) << settings << ": " << healed.err;
    EXPECT_EQ(bridge_.read("etc/app.conf"), "port = 8080\n") << settings;
  }
}

TEST_F(Commands, HelpTeachesAndUsageErrorsAreTwo) {
  for (const auto& command : std::vector<std::vector<std::string>>{
           {},          {"selftest"},        {"heal"},        {"resume"},   {"heals"},
           {"show"},    {"cancel"},          {"rollback"},    {"audit"},    {"engines"},
           {"explain"}, {"steward"},         {"bus", "tail"}, {"baseline"}, {"baseline", "adopt"},
           {"config"},  {"config", "check"}, {"doctor"},      {"ledger"},   {"ledger", "verify"}}) {
    auto arguments = command;
    arguments.emplace_back("--help");
    const Ran help = bridge_.autoheal(arguments);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_THAT(help.out, HasSubstr("Usage: autoheal")) << help.out;
  }
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {}, {"heel"}, {"heal"}, {"heals", "--stat", "x"}, {"audit", "-o", "xml"}}) {
    const Ran refused = bridge_.autoheal(wrong);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr("--help"));
  }
}

TEST_F(Commands, AnUnknownCommandIsToldWhatWasProbablyMeant) {
  const std::vector<std::tuple<std::vector<std::string>, std::string, std::string>> cases = {
      {{"heel", "web"}, "there is no command \"heel\"", "did you mean \"heal\"?"},
      {{"-c", "some.yaml", "ledger", "verfy"}, "there is no command \"ledger verfy\"", "did you mean \"verify\"?"},
      {{"audit", "sumary"}, "there is no command \"audit sumary\"", "did you mean \"summary\"?"},
  };
  for (const auto& [words, what, meant] : cases) {
    const Ran refused = bridge_.autoheal(words);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(StartsWith("autoheal: " + what + "\n"), HasSubstr(meant), HasSubstr("--help")));
  }
  const Ran nothing_like_it = bridge_.autoheal({"elephants"});
  EXPECT_EQ(nothing_like_it.exit_code, 2);
  EXPECT_THAT(nothing_like_it.err, AllOf(HasSubstr("\"elephants\""), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(bridge_.autoheal({"ledger"}).err, HasSubstr("A subcommand is required"));
  EXPECT_THAT(bridge_.autoheal({"heals", "more"}).err, HasSubstr("not expected: more"));
  EXPECT_THAT(bridge_.autoheal({"show", "last", "--with-secrets"}).err, HasSubstr("requires --evidence"));
  EXPECT_THAT(bridge_.autoheal({"ledger", "prove", "--seq", "1", "--out", "x"}).err, HasSubstr("requires --heal"));
  for (const auto& ignored : std::vector<std::vector<std::string>>{{"--format", "json"}, {"--archive", "old.gz"}}) {
    const Ran refused = bridge_.autoheal({"ledger", "prove", "--from", "3", ignored[0], ignored[1]});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(HasSubstr(ignored[0]), HasSubstr("excludes"), HasSubstr("--from")));
  }
}

TEST_F(Commands, OptionsOfAuditMayStandBeforeItsOwnCommands) {
  broken_file();
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}).exit_code, 0);
  const Ran early = bridge_.autoheal({"audit", "--since", "2020-01-01", "summary", "-o", "json"});
  EXPECT_EQ(early.exit_code, 0) << early.err;
  EXPECT_EQ(early.out, bridge_.autoheal({"audit", "summary", "--since", "2020-01-01", "-o", "json"}).out);
  const Ran other = bridge_.autoheal({"audit", "coverage", "--actor", "alice"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("takes --engine, --since and --until alone"));
}

TEST_F(Commands, AManualTriggerPrintsTheHealingResultToTheLetter) {
  broken_file();
  const Ran healed =
      bridge_.autoheal({"-o", "json", "heal", "EnvRecon", "--test-result", "-"}, {},
                       R"({"engine":"EnvRecon","action":"health_check","result":"❌","error":"config drifted"})");
  EXPECT_EQ(healed.exit_code, 0) << healed.err;
  EXPECT_THAT(healed.out,
              ::testing::ContainsRegex(
                  "^\\{\"engine\":\"EnvRecon\",\"action\":\"repair_patch_applied\",\"result\":\"✅ certified\","
                  "\"strategy\":\"arie\",\"attempts\":1,\"duration_seconds\":[0-9]+\\.[0-9][0-9][0-9],\"heal_id\":\"[0-"
                  "9a-f-]*\"\\}\n$"));
  EXPECT_THAT(bridge_.entries("heal.triggered").front(), HasSubstr("config drifted"));
}

TEST_F(Commands, TestResultsAreCheckedInput) {
  broken_file();
  for (const std::string junk :
       {"", "[]", "{\"engine\":\"Other\"}", "{\"engine\":\"EnvRecon\",\"more\":1}", "{\"engine\":1}"}) {
    const Ran refused = bridge_.autoheal({"heal", "EnvRecon", "--test-result", "-"}, {}, junk);
    EXPECT_EQ(refused.exit_code, 2) << junk;
    EXPECT_THAT(refused.err, HasSubstr("expected {\"engine\"")) << junk;
  }
  bridge_.write("large.json", "{\"engine\":\"EnvRecon\",\"error\":\"" + std::string(70'000, 'x') + "\"}");
  EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--test-result", "large.json"}).exit_code, 2);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
}

TEST_F(Commands, SwitchedOffSkipsWithOneEntryAndNoChange) {
  broken_file();
  const std::string before = bridge_.picture(true);
  const Ran skipped = bridge_.autoheal({"heal", "EnvRecon", "--error", "x", "-o", "json"}, {{"AUTO_HEAL_ON", "false"}});
  EXPECT_EQ(skipped.exit_code, 3);
  EXPECT_EQ(skipped.out,
            "{\"engine\":\"EnvRecon\",\"action\":\"auto_heal_skipped\",\"result\":\"❌ auto-heal disabled\"}\n");
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_EQ(bridge_.entries("heal.skipped").size(), 1U);
  EXPECT_THAT(bridge_.entries("heal.triggered"), IsEmpty());
}

TEST_F(Commands, MaxRetriesOfTheEnvironmentAreExactlySoManyAttempts) {
  broken_file();
  bridge_.write("refuse", "");
  for (const unsigned attempts : {1U, 2U, 4U}) {
    const Ran exhausted = bridge_.autoheal({"heal", "EnvRecon", "--error", "x", "-o", "json"},
                                           {{"AUTOHEAL_MAX_RETRIES", std::to_string(attempts)}});
    EXPECT_EQ(exhausted.exit_code, 1);
    EXPECT_EQ(json::parse(exhausted.out).at("attempts"), attempts);
    const auto types = bridge_.types_of_heal();
    EXPECT_EQ(std::ranges::count(types, "repair_started"), attempts);
  }
}

TEST_F(Commands, JunkInTheEnvironmentIsAConfigurationError) {
  broken_file();
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"AUTOHEAL_MAX_RETRIES", "many"}, {"AUTOHEAL_RETRY_DELAY", "soon"}, {"AUTO_HEAL_ON", "perhaps"}}) {
    const Ran refused = bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}, {{name, value}});
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("environment: " + name), HasSubstr(value), HasSubstr("expected")));
  }
  EXPECT_FALSE(bridge_.exists("var"));
}

TEST_F(Commands, ConfigurationErrorsNameTheirPlace) {
  bridge_.write("autoheal.yaml", "version: 1\nleger: x\nengines: []\n");
  const Ran refused = bridge_.autoheal({"config", "check"});
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_THAT(refused.err, StartsWith(bridge_.path("autoheal.yaml").string() + ":2:1: "));
  EXPECT_THAT(refused.err, HasSubstr("did you mean \"ledger\"?"));
  const Ran in_json = bridge_.autoheal({"config", "check", "-o", "json"});
  EXPECT_EQ(json::parse(in_json.err).at("error").at("code"), 78);
}

TEST_F(Commands, AnUnknownEngineIsFiveAndKnowsWhatWasMeant) {
  broken_file();
  const Ran unknown = bridge_.autoheal({"heal", "EnvRecn"});
  EXPECT_EQ(unknown.exit_code, 5);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"EnvRecon\"?"));
  EXPECT_EQ(bridge_.autoheal({"show", "last"}).exit_code, 5);
}

TEST_F(Commands, ALedgerThatSomebodyOwnsIsBusy) {
  broken_file();
  ASSERT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 1);
  const int lock = ::open(bridge_.path("var/ledger.db.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const Ran busy = bridge_.autoheal({"heal", "EnvRecon", "--error", "x", "-o", "json"});
  EXPECT_EQ(busy.exit_code, 6);
  EXPECT_THAT(json::parse(busy.err).at("error").at("message"), HasSubstr("owns the ledger"));
  EXPECT_EQ(bridge_.autoheal({"heals"}).exit_code, 0);  // reading needs no lock
  ::close(lock);
}

TEST_F(Commands, WhoHasNoRoleIsRefusedAndTheRefusalIsRecorded) {
  broken_file("principals: [ { name: autoheal, role: admiral, os_user: nobody-here } ]\n");
  const std::string before = bridge_.picture(true);
  const Ran refused = bridge_.autoheal({"heal", "EnvRecon", "--error", "x"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("may not heal"));
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_EQ(bridge_.autoheal({"heals"}).exit_code, 4);
  broken_file();
  EXPECT_EQ(bridge_.entries("access.denied").size(), 2U);
}

TEST_F(Commands, WhoHasNoRoleReadsNothing) {
  broken_file();
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}).exit_code, 0);
  bridge_.write("new.yaml", bridge_.read("autoheal.yaml"));
  broken_file("principals: [ { name: autoheal, role: admiral, os_user: nobody-here } ]\n");
  const std::vector<std::vector<std::string>> commands = {{"heals"},
                                                          {"show", "last"},
                                                          {"audit"},
                                                          {"audit", "coverage"},
                                                          {"audit", "summary"},
                                                          {"engines"},
                                                          {"replay", "last"},
                                                          {"replay", "--all", "--with", "new.yaml"},
                                                          {"diff", "last", "last"},
                                                          {"baseline", "show", "EnvRecon"},
                                                          {"baseline", "diff", "EnvRecon"},
                                                          {"ledger", "export"},
                                                          {"ledger", "checkpoint"},
                                                          {"ledger", "key"},
                                                          {"ledger", "prove", "--seq", "1"},
                                                          {"ledger", "verify"},
                                                          {"ledger", "stats"},
                                                          {"steward"},
                                                          {"bus", "tail", "--once"}};
  for (const auto& command : commands) {
    const Ran refused = bridge_.autoheal(command);
    EXPECT_EQ(refused.exit_code, 4) << command.front() << " " << command.back();
    EXPECT_THAT(refused.out, IsEmpty()) << command.front() << " " << command.back();
    EXPECT_THAT(refused.err, HasSubstr("may not read the ledger")) << command.front() << " " << command.back();
  }
  EXPECT_THAT(bridge_.autoheal({"explain", "EnvRecon"}).err, HasSubstr("may not explain an engine"));
  EXPECT_THAT(bridge_.autoheal({"ledger", "checkpoint", "--sign"}).err, HasSubstr("may not sign"));
  EXPECT_THAT(bridge_.autoheal({"ledger", "key", "--rotate"}).err, HasSubstr("may not change the signing key"));
  EXPECT_THAT(bridge_.autoheal({"doctor"}).out, HasSubstr("role none"));
  broken_file();
  EXPECT_EQ(bridge_.entries("access.denied").size(), commands.size() + 3);
}

TEST_F(Commands, ACaptainTestsAndDoesNotHeal) {
  const std::string me = ::geteuid() == 0 ? "root" : std::to_string(::geteuid());
  broken_file(
      "principals: [ { name: autoheal, role: admiral, os_user: nobody-here }, { name: me, role: captain, os_user: \"" +
      me + "\" } ]\n");
  if (::geteuid() != 0) GTEST_SKIP() << "the name of this user is not known here";
  const Ran tested = bridge_.autoheal({"selftest", "-o", "json"});
  EXPECT_EQ(tested.exit_code, 1);
  EXPECT_THAT(tested.out, HasSubstr("❌ failed"));
  EXPECT_EQ(bridge_.autoheal({"selftest", "--heal"}).exit_code, 4);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
}

TEST_F(Commands, ReadingWithoutALedgerIsEmptyAndALostOneIsSaid) {
  broken_file();
  for (const auto& reading : std::vector<std::vector<std::string>>{{"heals"}, {"audit"}, {"ledger", "export"}}) {
    const Ran nothing = bridge_.autoheal(reading);
    EXPECT_EQ(nothing.exit_code, 0);
    EXPECT_THAT(nothing.out, IsEmpty());
  }
  EXPECT_FALSE(bridge_.exists("var"));
  EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  for (const char* ending : {"", "-wal", "-shm"})
    std::filesystem::remove(bridge_.path(std::string("var/ledger.db") + ending));
  EXPECT_EQ(bridge_.autoheal({"heals"}).exit_code, 6);
  EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}).exit_code, 6);
}

TEST_F(Commands, ADryRunTouchesAndRecordsNothing) {
  broken_file();
  const std::string before = bridge_.picture(true);
  const Ran certified = bridge_.autoheal({"heal", "EnvRecon", "--dry-run"});
  EXPECT_EQ(certified.exit_code, 0);
  EXPECT_THAT(certified.out, AllOf(HasSubstr("etc/app.conf"), HasSubstr("would be certified")));
  EXPECT_EQ(bridge_.picture(true), before);
  EXPECT_FALSE(bridge_.exists("var"));
  EXPECT_FALSE(bridge_.exists(".autoheal"));
}

TEST_F(Commands, ADryRunTakesTheFailureThatItIsToldAsTheHealWould) {
  broken_file();
  const auto dry = [&](std::vector<std::string> more, const std::string& input = {}) {
    more.insert(more.begin(), {"heal", "EnvRecon", "--dry-run"});
    return bridge_.autoheal(std::move(more), {}, input);
  };
  const Ran told = dry({"--error", "the port\nis wrong"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("  failed: the port"), HasSubstr("would be certified")));
  EXPECT_EQ(std::ranges::count(told.out, '\n'), std::ranges::count(dry({}).out, '\n') + 1);
  const std::string result = R"({"engine":"EnvRecon","error":"it drifted, TOKEN=abc12345"})";
  const auto in_json = json::parse(dry({"--test-result", "-", "-o", "json"}, result).out);
  EXPECT_THAT(in_json.at("error").get<std::string>(), AllOf(HasSubstr("it drifted"), Not(HasSubstr("abc12345"))));
  EXPECT_FALSE(json::parse(dry({"-o", "json"}).out).contains("error"));

  EXPECT_EQ(dry({"--error", "x", "--test-result", "-"}, result).exit_code, 2);
  EXPECT_EQ(dry({"--test-result", "missing.json"}).exit_code, 2);
  const Ran other = dry({"--test-result", "-"}, R"({"engine":"Other"})");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("is not one of engine EnvRecon"));
  EXPECT_FALSE(bridge_.exists("var"));
}

TEST_F(Commands, TheReportHasItsFormAndItsName) {
  broken_file();
  const Ran ran = bridge_.autoheal({"selftest", "-o", "json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const auto report = json::parse(ran.out);
  EXPECT_EQ(bridge_.read("logs/selftest_reports/latest.json"), ran.out);
  EXPECT_EQ(bridge_.read("logs/selftest_reports/" + report.at("test_id").get<std::string>() + ".json"), ran.out);
  EXPECT_THAT(report.at("test_id").get<std::string>(),
              ::testing::MatchesRegex("bridge_selftest_[0-9]{8}_[0-9]{6}(_[0-9]+)?"));
  EXPECT_EQ(report.at("summary").at("status"), "Stable");
  EXPECT_EQ(report.at("summary").at("autoheal_invocations"), 1);
  ASSERT_EQ(report.at("events").size(), 2U);
  EXPECT_EQ(report.at("events")[0].at("result"), "⚠️ auto-heal launched");
  EXPECT_EQ(report.at("events")[1].at("action"), "repair_patch_applied");
  const auto healthy = json::parse(bridge_.autoheal({"selftest", "-o", "json"}).out);
  EXPECT_EQ(healthy.at("events"), json::parse(R"([{"engine":"EnvRecon","action":"health_check","result":"✅"}])"));
}

TEST_F(Commands, TheLedgerAnswersInEveryForm) {
  broken_file();
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--error", "x", "--reason", "by request"}).exit_code, 0);
  const std::string exported = bridge_.autoheal({"ledger", "export"}).out;
  EXPECT_EQ(bridge_.autoheal({"audit", "-o", "jsonl"}).out, exported);
  EXPECT_THAT(exported, HasSubstr("by request"));
  EXPECT_EQ(json::parse(bridge_.autoheal({"audit", "-o", "json", "--type", "heal.certified"}).out).size(), 1U);
  EXPECT_THAT(bridge_.autoheal({"audit", "-o", "csv", "--limit", "2", "--after", "1"}).out, HasSubstr("\n2,"));
  EXPECT_THAT(bridge_.autoheal({"audit", "--engine", "Nobody"}).out, IsEmpty());
  EXPECT_THAT(bridge_.autoheal({"audit", "--state", "Exhausted", "-o", "jsonl"}).out, IsEmpty());
  EXPECT_THAT(bridge_.autoheal({"audit", "--until", "2020-01-01", "-o", "jsonl"}).out, IsEmpty());
  EXPECT_EQ(bridge_.autoheal({"audit", "--since", "1h", "--strategy", "arie", "-o", "jsonl"}).out, exported);
  EXPECT_EQ(bridge_.autoheal({"audit", "--since", "yesterday-ish"}).exit_code, 2);
  EXPECT_THAT(bridge_.autoheal({"heals"}).out, HasSubstr("Complete"));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out,
              AllOf(HasSubstr("certified by Truth"), HasSubstr("test verdict passes")));
  EXPECT_THAT(bridge_.autoheal({"engines"}).out, HasSubstr("arie"));
  EXPECT_EQ(bridge_.autoheal({"doctor"}).exit_code, 0);
}

TEST_F(Commands, AnAdoptedBaselineHoldsCertificationToIt) {
  broken_file();
  bridge_.write("etc/app.conf", "port = 8080\n");
  EXPECT_EQ(bridge_.autoheal({"baseline", "show", "EnvRecon"}).exit_code, 5);
  EXPECT_EQ(bridge_.autoheal({"baseline", "adopt", "EnvRecon"}).exit_code, 0);
  EXPECT_EQ(bridge_.autoheal({"baseline", "diff", "EnvRecon"}).exit_code, 0);
  bridge_.write("etc/app.conf", "damaged\n");
  EXPECT_THAT(bridge_.autoheal({"baseline", "diff", "EnvRecon"}).out, HasSubstr("differs"));
  EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  // Somebody exchanges the baseline itself: what was adopted no longer is what would be written.
  bridge_.write("baseline/app.conf", "port = 666\n");
  const Ran refused = bridge_.autoheal({"heal", "EnvRecon", "--error", "x"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "port = 8080\n");
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("is not the one that was adopted"));
}

TEST_F(Commands, SecretsAreNowhereButWhereTheyBelong) {
  bridge_.write("secrets/db", "postgres://u:swordfish@db\n", 0600);
  bridge_.write(".env", "API_TOKEN=hunter2hunter2\n", 0600);
  bridge_.script("tests/leak", "cat .env; cat secrets/db; exit 1\n");
  bridge_.configure(
      "  - name: EnvRecon\n"
      "    self_test: [ { name: env, env: { file: .env, require: [DATABASE_URL] } }, { name: leak, command: "
      "[tests/leak], heal: false } ]\n"
      "    repair: { env: [ { file: .env, set: { DATABASE_URL: { from: secrets/db } } } ] }\n"
      "    certify: { tests: [ { name: leak, command: [tests/leak] } ] }\n");
  std::string seen;
  const Ran told = bridge_.autoheal(
      {"heal", "EnvRecon", "--error", "DB_PASSWORD=hunter2hunter2", "--reason", "token=hunter2hunter2"});
  seen += told.out + told.err;
  for (const auto& command : std::vector<std::vector<std::string>>{{"heal", "EnvRecon", "--dry-run"},
                                                                   {"selftest"},
                                                                   {"selftest", "-o", "json"},
                                                                   {"show", "last"},
                                                                   {"audit"},
                                                                   {"ledger", "export"},
                                                                   {"config", "show"},
                                                                   {"explain", "EnvRecon"},
                                                                   {"explain", "EnvRecon", "-o", "json"},
                                                                   {"doctor"}}) {
    const Ran ran = bridge_.autoheal(command);
    seen += ran.out + ran.err;
  }
  seen += bridge_.read("logs/selftest_reports/latest.json") + bridge_.read("var/ledger.db") +
          bridge_.read("var/ledger.db-wal");
  EXPECT_THAT(seen, Not(HasSubstr("swordfish")));
  EXPECT_THAT(seen, Not(HasSubstr("hunter2")));
}

TEST_F(Commands, ASignalLeavesTheHealOpenAndResumeFinishesIt) {
  for (const auto& [signal, code] : std::map<int, int>{{SIGINT, 130}, {SIGTERM, 143}}) {
    broken_file();
    // The certification test tells that it runs and then waits at a gate that opens later.
    bridge_.write("run/.keep", "");
    std::filesystem::remove(bridge_.path("run/open"));
    std::filesystem::remove(bridge_.path("run/gate"));
    ASSERT_EQ(::mkfifo(bridge_.path("run/gate").c_str(), 0600), 0);
    bridge_.script("tests/verdict", "[ -e run/open ] || read -r nothing < run/gate\n");
    Background healing(bridge_.invocation({"heal", "EnvRecon", "--error", "x"}));
    const int gate = ::open(bridge_.path("run/gate").c_str(), O_WRONLY | O_CLOEXEC);  // returns once the test waits
    ASSERT_GE(gate, 0);
    healing.send(signal);
    bridge_.write("run/open", "");
    ::close(gate);
    EXPECT_EQ(healing.wait(), code);
    // A gate that is gone fails the test: with the outcome recorded the heal waits for its next attempt.
    EXPECT_THAT(bridge_.autoheal({"heals"}).out, AnyOf(HasSubstr("Certifying"), HasSubstr("Retrying")));
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
    EXPECT_EQ(bridge_.read("etc/app.conf"), "port = 8080\n");
  }
}

TEST_F(Commands, TextOfOthersIsShownAndNotObeyed) {
  broken_file();
  const Ran ran = bridge_.autoheal({"heal", "EnvRecon", "--error", "red \x1b[31m, back\r, turned \u202e"});
  EXPECT_EQ(ran.exit_code, 0);
  const std::string shown = bridge_.autoheal({"show", "last"}).out + bridge_.autoheal({"heal", "\x1b[2J"}).err;
  EXPECT_THAT(shown, AllOf(HasSubstr("\\u001b[31m"), HasSubstr("\\u202e"), HasSubstr("\\u001b[2J")));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
}

TEST_F(Commands, Case35_OddFilesAreRefusedAtOnce) {
  broken_file();
  ASSERT_EQ(::mkfifo(bridge_.path("fifo").c_str(), 0600), 0);
  for (const std::string odd : {"fifo", "/dev/zero", ".", "nowhere"}) {
    EXPECT_EQ(bridge_.autoheal({"heal", "EnvRecon", "--test-result", odd}).exit_code, 2) << odd;
    EXPECT_EQ(bridge_.autoheal({"-c", odd, "config", "check"}).exit_code, 78) << odd;
    for (const std::vector<std::string>& command : {std::vector<std::string>{"ledger", "check", odd},
                                                    {"ledger", "verify", "--checkpoint", odd, "--key", odd},
                                                    {"ledger", "witness", "accept", odd},
                                                    {"ledger", "export", "--archive", odd},
                                                    {"replay", "--import", odd},
                                                    {"replay", "--all", "--with", odd}}) {
      const Ran ran = bridge_.autoheal(command);
      EXPECT_THAT(ran.exit_code, AnyOf(1, 2, 4, 5, 78)) << command.front() << " " << command.back() << ran.err;
      EXPECT_THAT(ran.err, Not(IsEmpty())) << command.front();
    }
  }
  ::chmod(bridge_.path("autoheal.yaml").c_str(), 0666);
  const Ran refused = bridge_.autoheal({"config", "check"});
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_THAT(refused.err, HasSubstr("everybody can write this file"));
}

TEST_F(Commands, Case36_OutputThatCannotBeWrittenIsNoSuccess) {
  broken_file();
  Invocation schema = bridge_.invocation({"config", "schema"});
  schema.arguments = {"/bin/sh", "-c", "exec \"$0\" config schema > /dev/full", AUTOHEAL_PROGRAM};
  const Ran full = run(schema);
  EXPECT_EQ(full.exit_code, 70);
  EXPECT_THAT(full.err, HasSubstr("could be written to stdout"));
}

}  // namespace
}  // namespace autoheal::testing
