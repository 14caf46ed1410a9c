// A configuration becomes the values its owner meant: fields, defaults, environment, includes, strategies.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/durations.hpp"
#include "tests/unit/config/own_copy.hpp"
#include "tools/config/configuration.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::config {
namespace {

namespace fs = std::filesystem;
using namespace workflows;
using std::chrono::seconds;
using ::testing::HasSubstr;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    std::string name = ::testing::TempDir() + "load." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
  }
  ~LoadTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  auto load_it(std::map<std::string, std::string> environment = {}) {
    return load((folder_ / "autoheal.yaml").string(),
                {std::move(environment), [](const std::string& content) { return sha256_name(content); }});
  }
  Configuration loaded(std::map<std::string, std::string> environment = {}) {
    auto configuration = load_it(std::move(environment));
    if (configuration) return std::move(*configuration);
    ADD_FAILURE() << to_text(configuration.error().front());
    return {};
  }
  std::string problem(std::map<std::string, std::string> environment = {}) {
    const auto configuration = load_it(std::move(environment));
    return configuration ? "accepted" : to_text(configuration.error().front());
  }
  void engine(const std::string& body, const std::string& head = "") const {
    write("autoheal.yaml",
          "version: 1\n" + head + "engines:\n  - name: E\n    self_test: [ { name: a, command: [ls] } ]\n" + body);
  }

  fs::path folder_;
};

TEST(LoadEverything, EveryFieldArrives) {
  const fs::path file = testing::own_examples() / "good/everything.yaml";
  const auto result = load(file.string(), {{}, [](const std::string& content) { return sha256_name(content); }});
  ASSERT_TRUE(result.has_value()) << to_text(result.error().front());
  const Configuration& all = *result;
  EXPECT_EQ(all.ledger, (file.parent_path() / "state/genesis.db").string());
  EXPECT_EQ(all.max_concurrent, 8U);
  EXPECT_EQ(all.max_tests, 2U);
  EXPECT_EQ(all.vault_max_blob_bytes, 8U << 20U);
  EXPECT_EQ(all.principals.of_os_user("operator").role, Role::captain);
  EXPECT_EQ(all.principals.of_os_user("root").role, Role::none);
  ASSERT_EQ(all.engines.size(), 5U);
  const EngineSpec& spec = all.engines[0];
  EXPECT_EQ(spec.strategy, Strategy::arie);
  EXPECT_EQ(spec.root, file.parent_path().string());
  EXPECT_EQ(spec.every, seconds(30));
  EXPECT_EQ(spec.grace, seconds(3));
  EXPECT_EQ(spec.self_test[7].grace, std::chrono::milliseconds(500));
  EXPECT_EQ(spec.self_test[3].grace, Duration{0});
  EXPECT_EQ(spec.healing.max_retries, 2U);
  EXPECT_FALSE(spec.healing.enabled);
  EXPECT_EQ(spec.healing.retry_delay, std::chrono::milliseconds(1500));
  ASSERT_EQ(spec.self_test.size(), 11U);
  EXPECT_EQ(std::get<ProcessProbe>(spec.self_test[10].what).unit, "app.service");
  EXPECT_EQ(std::get<FileProbe>(spec.self_test[0].what).baseline, sha256_name("port = 8080\n"));
  EXPECT_EQ(std::get<FileProbe>(spec.self_test[0].what).mode, 0640U);
  EXPECT_EQ(std::get<FileProbe>(spec.self_test[0].what).acl, "user:root:r,group::r");
  EXPECT_EQ(std::get<SettingsProbe>(spec.self_test[2].what),
            (SettingsProbe{"etc/app.yaml", {{"/v", "1.10"}, {"/b/c", "\"8080\""}, {"/d", "false"}}, {"/a"}}));
  EXPECT_FALSE(spec.self_test[3].heal);
  EXPECT_EQ(std::get<HttpProbe>(spec.self_test[4].what).status, 204U);
  EXPECT_EQ(std::get<CommandProbe>(spec.self_test[5].what).run.argv,
            (std::vector<std::string>{"/usr/bin/ls", "-l", "3"}));
  EXPECT_TRUE(std::get<PluginProbe>(spec.self_test[6].what).warning_fails);
  EXPECT_EQ(std::get<LinkProbe>(spec.self_test[8].what), (LinkProbe{"current", "releases/2"}));
  EXPECT_EQ(std::get<EnvProbe>(spec.self_test[9].what),
            (EnvProbe{"conf/.env.local", {"A"}, {{"ON", "true"}, {"PORT", "8080"}, {"V", "1.10"}}}))
      << "a .env file has names, not paths";
  EXPECT_EQ(spec.repair.env[0].set[1].second.from_file, (file.parent_path() / "secret").string());
  EXPECT_EQ(spec.repair.settings[0].set,
            (std::vector<std::pair<std::string, std::string>>{{"/a/b", "1"},
                                                              {"/c", "\"t\""},
                                                              {"/d", "true"},
                                                              {"/e", "null"},
                                                              {"/f", "1.10"},
                                                              {"/g", "1e400"},
                                                              {"/h", "12345678901234567890123"},
                                                              {"/i", "-0"}}))
      << "numbers are handed on as they are written";
  EXPECT_TRUE(spec.repair.policy[1].absent);
  EXPECT_TRUE(spec.repair.commands[0].repeatable);
  EXPECT_EQ(spec.repair.commands[0].run.timeout, seconds(60));
  EXPECT_EQ(spec.certify.tests[0].matrix[1].second, (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(spec.certify.security.allow_setid);
  EXPECT_FALSE(spec.certify.security.allow_symlinks);
  EXPECT_EQ(all.engines.back().strategy, Strategy::generic);
  EXPECT_EQ(all.engines.back().repair.service->restart->argv,
            (std::vector<std::string>{"/usr/bin/systemctl", "restart", "base.service"}));
  EXPECT_EQ(all.engines.back().repair.service->unit, "base.service");
}

TEST(LoadEverything, DeploymentsAndStateArrive) {
  const fs::path file = testing::own_examples() / "good/everything.yaml";
  const auto all = load(file.string(), {{}, [](const std::string& content) { return sha256_name(content); }});
  ASSERT_TRUE(all.has_value()) << to_text(all.error().front());
  const auto engine = [&](const std::string& name) -> const EngineSpec& {
    return *std::ranges::find(all->engines, name, &EngineSpec::name);
  };
  const EngineSpec& web = engine("Web");
  EXPECT_EQ(web.strategy, Strategy::chimera);
  EXPECT_EQ(web.repair.release.at(0), (ReleaseRepair{"web/current", "web/releases", "SUMS", {"*.log"}, true, 3}));
  EXPECT_THAT(web.repair.build.at(0).outputs, ::testing::ElementsAre("web/dist/**"));
  const auto& scale = web.repair.platform.at(0);
  EXPECT_EQ(std::get<HttpCall>(scale.act), (HttpCall{"http://localhost/scale", "PUT", "3", seconds(3)}));
  EXPECT_EQ(std::get<HttpCall>(*scale.undo).method, "POST");
  EXPECT_EQ(std::get<ProgramRun>(*web.repair.platform.at(1).undo).argv.back(), "-l");
  const EngineSpec& store = engine("Store");
  EXPECT_EQ(store.strategy, Strategy::cascade);
  const std::string snapshots = (file.parent_path() / "snapshots").string();
  EXPECT_EQ(store.repair.state.at(0), (StateRepair{"store/app.db", snapshots, true, std::chrono::minutes(10), 5,
                                                   std::chrono::hours(2), seconds(3)}));
  EXPECT_EQ(store.repair.state.at(1).snapshot, snapshots + "/queue");
  // The needs of a service come before it.
  ASSERT_EQ(store.repair.services.size(), 2U);
  EXPECT_EQ(store.repair.services.at(0).engine, "Base");
  EXPECT_EQ(store.repair.services.at(1).service, *engine("Cache").repair.service);
}

TEST_F(LoadTest, ExpressionsThatCanNeverBeFoundAreRefusedWithTheirPlace) {
  for (const char* body : {"    certify: { security: { paths: [etc], forbid: [ok, 'a\\nb'] } }\n",
                           "    strategy: arie\n    repair: { policy: [ { path: etc, forbid: [ok, 'a\\nb'] } ] }\n"}) {
    engine(body);
    const std::string told = problem();
    EXPECT_THAT(told, HasSubstr("forbid[1]"));
    EXPECT_THAT(told, HasSubstr("it can never be found: each line is looked at alone"));
    EXPECT_THAT(told, HasSubstr("autoheal.yaml:"));
  }
}

TEST_F(LoadTest, ExpressionsThatSayMoreOrLessThanMeantAreTold) {
  engine("    certify: { security: { paths: [etc], forbid: ['(?s)a.b', 'x*', 'a^b', 'fine'] } }\n");
  const auto warnings = loaded().warnings;
  EXPECT_THAT(warnings, ::testing::ElementsAre(HasSubstr("(?s) changes nothing"), HasSubstr("every line"),
                                               HasSubstr("no line was found")));
  EXPECT_THAT(warnings.front(), HasSubstr("forbid[0]"));
}

TEST_F(LoadTest, AUnitHasItsOwnTimeLimitsUnlessOneIsGivenHoweverItIsWritten) {
  const auto service = [&](const std::string& text) {
    write(
        "autoheal.yaml",
        "version: 1\nengines:\n  - name: E\n    self_test: [ { name: a, command: [ls] } ]\n    repair: { service: { " +
            text + " } }\n");
    return *loaded().engines.at(0).repair.service;
  };
  const ServiceRepair unit = service("systemd: app");
  for (const auto* run : {&unit.restart, &unit.start, &unit.stop}) {
    EXPECT_EQ((*run)->unit, "app");
    EXPECT_EQ((*run)->timeout, Duration(0));
  }
  EXPECT_EQ(service("systemd: app, timeout: 3s").restart->timeout, seconds(3));
  const ServiceRepair reloads = service("systemd: app, reload: [/usr/bin/systemctl, reload-or-restart, app]");
  EXPECT_EQ(reloads.reload->unit, "app");
  EXPECT_EQ(service("restart: [/usr/bin/systemctl, restart, app]").unit, "app");
  EXPECT_EQ(service("restart: [/usr/bin/systemctl, restart, app]").restart->timeout, Duration(0));
  for (const char* other : {"restart: [/bin/ls, restart, app]", "restart: [/usr/bin/systemctl, --user, restart, app]",
                            "restart: [/opt/systemctl, restart, app]", "restart: [/usr/bin/systemctl, kill, app]",
                            "restart: [/usr/bin/systemctl, restart, app], user: root",
                            "restart: [/usr/bin/systemctl, restart, app], environment: { A: b }"}) {
    EXPECT_EQ(service(other).unit, "") << other;
    EXPECT_EQ(service(other).restart->timeout, seconds(10)) << other;
  }
  engine(
      "    repair: { commands: [ { run: [/usr/bin/systemctl, restart, app] }, { run: [/usr/bin/systemctl, start, app], "
      "reproducible: true } ] }\n");
  const auto commands = loaded().engines.at(0).repair.commands;
  EXPECT_EQ(commands[0].run.unit, "app");
  EXPECT_EQ(commands[1].run.unit, "") << "it may run again elsewhere, as it is written";
}

TEST_F(LoadTest, LeavesEverythingElseAtItsDefault) {
  engine("");
  const Configuration plain = loaded();
  EXPECT_EQ(plain.ledger, (folder_ / "var/ledger.db").string());
  EXPECT_EQ(plain.reports, (folder_ / "logs/selftest_reports").string());
  EXPECT_EQ(plain.engines[0].healing.max_retries, 3U);
  EXPECT_EQ(plain.engines[0].healing.retry_delay, seconds(1));
  EXPECT_EQ(plain.engines[0].self_test[0].timeout, seconds(10));
  EXPECT_EQ(plain.engines[0].certify.within, seconds(30));
  EXPECT_EQ(plain.principals.actor, "autoheal");
}

TEST_F(LoadTest, WhatNothingWouldTellOfIsTestedOnASchedule) {
  write("autoheal.yaml",
        "version: 1\nengines:\n"
        "  - { name: Network, self_test: [ { name: a, tcp: { host: h, port: 1 } } ] }\n"
        "  - { name: Program, self_test: [ { name: a, command: [/bin/true] } ] }\n"
        "  - { name: Told, self_test: [ { name: a, file: { path: f } }, { name: b, process: { pidfile: p } } ] }\n"
        "  - { name: Unit, self_test: [ { name: a, process: { unit: app } } ] }\n"
        "  - { name: Asked, every: 5s, self_test: [ { name: a, tcp: { host: h, port: 1 } } ] }\n");
  const auto result = load_it();
  ASSERT_TRUE(result.has_value());
  std::vector<Duration> schedules;
  for (const EngineSpec& spec : result->engines) schedules.push_back(spec.every);
  EXPECT_THAT(schedules, ::testing::ElementsAre(seconds(60), seconds(60), Duration{0}, seconds(60), seconds(5)));
  EXPECT_THAT(result->scheduled_by_default, ::testing::ElementsAre("Network", "Program", "Unit"));
}

TEST_F(LoadTest, AProcessIsNamedByAPidfileOrAUnit) {
  const auto with = [this](const std::string& process) {
    write("autoheal.yaml",
          "version: 1\nengines:\n  - { name: E, self_test: [ { name: a, process: " + process + " } ] }\n");
    return load_it();
  };
  const auto by_unit = with("{ unit: app.service }");
  ASSERT_TRUE(by_unit.has_value());
  EXPECT_EQ(std::get<ProcessProbe>(by_unit->engines[0].self_test[0].what).unit, "app.service");
  EXPECT_EQ(by_unit->engines[0].self_test[0].grace, seconds(2));
  for (const char* wrong : {"{}", "{ pidfile: p, unit: app }", "{ unit: \"\" }", "{ unit: [app] }"})
    EXPECT_FALSE(with(wrong).has_value()) << wrong;
}

TEST_F(LoadTest, ProcessesHaveAGraceAndTheRestHasNoneUnlessSaid) {
  write("autoheal.yaml",
        "version: 1\nengines:\n"
        "  - { name: A, self_test: [ { name: a, process: { pidfile: p } }, { name: b, tcp: { host: h, port: 1 } } ] }\n"
        "  - { name: B, grace: 7s, self_test: [ { name: a, process: { pidfile: p } },\n"
        "      { name: b, tcp: { host: h, port: 1 }, grace: 4s } ] }\n"
        "  - { name: C, grace: 0s, self_test: [ { name: a, process: { pidfile: p } } ] }\n");
  const auto result = load_it();
  ASSERT_TRUE(result.has_value());
  std::vector<Duration> graces;
  for (const EngineSpec& spec : result->engines) {
    graces.push_back(spec.grace);
    for (const Probe& probe : spec.self_test) graces.push_back(probe.grace);
  }
  EXPECT_THAT(graces, ::testing::ElementsAre(seconds(2), seconds(2), Duration{0}, seconds(7), seconds(7), seconds(4),
                                             Duration{0}, Duration{0}));
  EXPECT_EQ(result->engines[0].certify.hold, seconds(2)) << "of what was touched";
}

TEST_F(LoadTest, TheEnvironmentWinsOverEveryFile) {
  engine("    healing: { max_retries: 9, retry_delay: 9s }\n", "ledger: a.db\n");
  const Configuration overridden = loaded({{"AUTOHEAL_MAX_RETRIES", "2"},
                                           {"AUTOHEAL_RETRY_DELAY", "0.25"},
                                           {"AUTOHEAL_LEDGER", "/x/y.db"},
                                           {"AUTO_HEAL_ON", "off"}});
  EXPECT_EQ(overridden.engines[0].healing.max_retries, 2U);
  EXPECT_EQ(overridden.engines[0].healing.retry_delay, std::chrono::milliseconds(250));
  EXPECT_EQ(overridden.ledger, "/x/y.db");
  EXPECT_FALSE(overridden.healing.enabled);
}

TEST_F(LoadTest, TheSwitchKnowsItsSpellingsAndNoOthers) {
  engine("");
  for (const char* on : {"true", "1", "on", "yes", "TRUE", "Yes"})
    EXPECT_TRUE(loaded({{"AUTO_HEAL_ON", on}}).healing.enabled) << on;
  for (const char* off : {"false", "0", "off", "no"})
    EXPECT_FALSE(loaded({{"AUTO_HEAL_ON", off}}).healing.enabled) << off;
  for (const char* junk : {"", "maybe", "2", " true"})
    EXPECT_THAT(problem({{"AUTO_HEAL_ON", junk}}), HasSubstr("expected true or false")) << junk;
}

TEST_F(LoadTest, JunkInTheEnvironmentIsASentence) {
  engine("");
  for (const char* junk : {"0", "101", "-1", "three", "", "2.5"}) {
    EXPECT_THAT(problem({{"AUTOHEAL_MAX_RETRIES", junk}}), HasSubstr("environment: AUTOHEAL_MAX_RETRIES: found"))
        << junk;
  }
  for (const char* junk : {"-1", "25h", "soon", ""})
    EXPECT_THAT(problem({{"AUTOHEAL_RETRY_DELAY", junk}}), HasSubstr("at most 24h")) << junk;
}

TEST_F(LoadTest, IncludesEnginesInOrderOfTheirFiles) {
  write("conf.d/b.yaml", "version: 1\nengines: [ { name: B, self_test: [ { name: a, command: [ls] } ] } ]\n");
  write("conf.d/a.yaml", "version: 1\nengines: [ { name: A, self_test: [ { name: a, command: [ls] } ] } ]\n");
  write("autoheal.yaml", "version: 1\ninclude: [conf.d/*.yaml]\n");
  const Configuration both = loaded();
  ASSERT_EQ(both.engines.size(), 2U);
  EXPECT_EQ(both.engines[0].name, "A");
  EXPECT_EQ(both.engines[0].root, (folder_ / "conf.d").string());
}

TEST_F(LoadTest, AnIncludedFileHoldsEnginesOnly) {
  write("more.yaml", "version: 1\nledger: elsewhere.db\n");
  engine("", "include: [more.yaml]\n");
  EXPECT_THAT(problem(), HasSubstr("more.yaml:2:1: \"ledger\" belongs into the main file"));
}

TEST_F(LoadTest, TheStrategyComesFromTheNameTheKeysOrAWord) {
  write("autoheal.yaml",
        "version: 1\nengines:\n"
        "  - { name: Firewall, self_test: [ { name: a, command: [ls] } ] }\n"
        "  - { name: x, self_test: [ { name: a, command: [ls] } ], repair: { links: [ { path: l, target: t } ] } }\n"
        "  - { name: y, self_test: [ { name: a, command: [ls] } ] }\n"
        "  - { name: HXO, strategy: generic, self_test: [ { name: a, command: [ls] } ] }\n");
  const Configuration four = loaded();
  EXPECT_EQ(four.engines[0].strategy, Strategy::arie);
  EXPECT_EQ(four.engines[1].strategy, Strategy::arie);
  EXPECT_EQ(four.engines[2].strategy, Strategy::generic);
  EXPECT_EQ(four.engines[3].strategy, Strategy::generic);
}

TEST_F(LoadTest, TheDigestCoversBaselines) {
  write("base", "one");
  engine("    repair: { files: [ { path: a, baseline: base } ] }\n");
  const std::string before = loaded().digest;
  EXPECT_EQ(loaded().digest, before);
  write("base", "two");
  EXPECT_NE(loaded().digest, before);
}

TEST_F(LoadTest, APlainSecretIsAWarningThatKnowsBetter) {
  engine("    repair: { env: [ { file: .env, set: { API_KEY: \"abc\" } } ] }\n");
  const Configuration warned = loaded();
  ASSERT_EQ(warned.warnings.size(), 1U);
  EXPECT_THAT(warned.warnings[0], HasSubstr("{from: FILE}"));
  EXPECT_THAT(warned.warnings[0], ::testing::Not(HasSubstr("abc")));
}

TEST_F(LoadTest, TellsSeveralProblemsAtOnceInTheirOrder) {
  write("autoheal.yaml",
        "version: 1\nleger: x\nengines:\n  - name: E\n    self_test: [ { name: a, tcp: { host: h, port: 0 } } ]\n    "
        "depend_on: []\n");
  const auto result = load_it();
  ASSERT_FALSE(result.has_value());
  ASSERT_EQ(result.error().size(), 3U);
  EXPECT_LT(result.error()[0].line, result.error()[1].line);
  EXPECT_LT(result.error()[1].line, result.error()[2].line);
}

TEST(Scalars, AreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(parse_duration("1.5"), std::chrono::milliseconds(1500));
  EXPECT_EQ(parse_duration("2m"), std::chrono::minutes(2));
  for (const char* junk : {"", "s", "-1s", "1 s", "1d", "1.s", "9999999999h", "1e3"})
    EXPECT_FALSE(parse_duration(junk)) << junk;
  EXPECT_EQ(parse_size("64MiB"), 64ULL << 20U);
  EXPECT_EQ(parse_mode("0640"), 0640U);
  for (const char* junk : {"", "8", "0888", "77777", "-640"}) EXPECT_FALSE(parse_mode(junk)) << junk;
}

}  // namespace
}  // namespace autoheal::config
