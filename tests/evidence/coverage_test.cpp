// `audit coverage` and what it stands on, with a real daemon: was it switched off, when, by whom and why?
#include <gmock/gmock.h>

#include "tests/support/examples/documented_entries.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class CoverageOfDaemon : public ::testing::Test {
 protected:
  CoverageOfDaemon() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    for (const char* name : {"Kept", "Seen", "Gone"}) bridge_.write(std::string("etc/") + name, "port = 8080\n");
    configure({"Kept", "Seen", "Gone"});
  }
  void configure(const std::vector<std::string>& names) const {
    std::string engines;
    for (const std::string& name : names)
      engines += file_engine(name, name == "Seen" ? "    healing: { mode: observe }\n" : "");
    bridge_.configure(engines);
  }
  // Cause -> the gap, of one engine; the last of each cause.
  std::map<std::string, json> gaps(const std::string& engine) const {
    std::map<std::string, json> found;
    const auto answer = json::parse(bridge_.autoheal({"audit", "coverage", "-o", "json"}).out, nullptr, false);
    if (!answer.is_object()) return found;
    for (const json& one : answer.at("engines")) {
      if (one.at("engine") != engine) continue;
      for (const json& gap : one.at("gaps")) found[gap.at("cause").get<std::string>()] = gap;
    }
    return found;
  }
  Bridge bridge_;
};

TEST_F(CoverageOfDaemon, TellsEveryGapWithItsCause) {
  {
    Daemon daemon(bridge_);
    for (const char* name : {"Kept", "Seen", "Gone"}) daemon.expect_passes(name);
    ASSERT_EQ(bridge_.autoheal({"hold", "Kept", "--for", "1h", "--reason", "new certificate"}).exit_code, 0);
    ASSERT_EQ(bridge_.autoheal({"unhold", "Kept", "--reason", "done"}).exit_code, 0);
    configure({"Kept", "Seen"});
    daemon.reload();
    daemon.expect_count("config.loaded", 2);
    daemon.stop();
  }
  {
    Daemon daemon(bridge_, {{"AUTO_HEAL_ON", "off"}});
    daemon.expect_passes("Kept");
    daemon.kill();
  }
  Daemon daemon(bridge_);
  daemon.expect_passes("Kept");
  const auto kept = gaps("Kept");
  ASSERT_TRUE(kept.contains("stopped") && kept.contains("killed") && kept.contains("held") &&
              kept.contains("switched_off"));
  EXPECT_EQ(kept.at("stopped").at("detail"), "SIGTERM");
  EXPECT_THAT(kept.at("held").at("detail").get<std::string>(), HasSubstr("new certificate"));
  EXPECT_TRUE(kept.at("held").at("tested"));
  EXPECT_FALSE(kept.at("killed").at("tested"));
  EXPECT_TRUE(kept.at("killed").contains("latest_from")) << "the moment of the kill is not known";
  EXPECT_TRUE(gaps("Seen").contains("observed"));
  EXPECT_TRUE(gaps("Gone").contains("not_configured"));
  EXPECT_FALSE(gaps("Kept").contains("not_configured"));
  const Ran text = bridge_.autoheal({"audit", "coverage", "--engine", "Kept"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("Kept  tested "), HasSubstr("stopped (SIGTERM)"), HasSubstr("began between "),
                              HasSubstr("new certificate"), Not(HasSubstr("Gone"))));
  EXPECT_THAT(bridge_.autoheal({"audit", "coverage", "-o", "csv"}).out, HasSubstr("Kept,killed,"));
  EXPECT_EQ(bridge_.autoheal({"audit", "coverage", "--engine", "Nobody"}).exit_code, 5);
  EXPECT_EQ(bridge_.autoheal({"audit", "coverage", "--since", "yesterday"}).exit_code, 2);
  EXPECT_EQ(bridge_.autoheal({"audit", "coverage", "--state", "Complete"}).exit_code, 2);
  daemon.stop();
  expect_documented(bridge_);
}

TEST_F(CoverageOfDaemon, NothingIsToldWhereNoDaemonRan) {
  const Ran none = bridge_.autoheal({"audit", "coverage"});
  EXPECT_EQ(none.exit_code, 0);
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(bridge_.autoheal({"audit", "coverage", "-o", "csv"}).exit_code, 0);
}

TEST_F(CoverageOfDaemon, AConfigurationIsToldKeyByKeyAndNeverByValue) {
  Daemon daemon(bridge_);
  daemon.expect_passes("Kept");
  std::string engines = file_engine("Kept", "    healing: { max_retries: 7 }\n", "2h") + file_engine("Seen");
  bridge_.configure(engines, "secrets: { patterns: [\"tok_[a-z]+\"] }\n");
  daemon.reload();
  daemon.expect_count("config.loaded", 2);
  const json first = json::parse(daemon.entries("config.loaded").front().data);
  EXPECT_EQ(first.at("every_us"), (json{{"Gone", 3'600'000'000}, {"Kept", 3'600'000'000}, {"Seen", 3'600'000'000}}));
  EXPECT_EQ(first.at("observed"), json::array({"Seen"}));
  EXPECT_FALSE(first.contains("keys_changed")) << "there was none before";
  EXPECT_TRUE(first.contains("owner"));
  const json second = json::parse(daemon.entries("config.loaded").back().data);
  EXPECT_EQ(second.at("engines_removed"), json::array({"Gone"}));
  EXPECT_THAT(second.at("keys_changed").get<std::vector<std::string>>(),
              ElementsAre("engines.Kept.every", "engines.Kept.healing.max_retries", "engines.Seen.healing.mode",
                          "secrets.patterns"));
  EXPECT_FALSE(second.contains("keys_removed")) << "all of an engine that went is told by its name";
  EXPECT_THAT(daemon.entries("config.loaded").back().data, Not(HasSubstr("tok_")));
  daemon.stop();
  // The same again is the same, across a restart, too.
  Daemon(bridge_).stop();
  EXPECT_EQ(bridge_.entries("config.loaded").size(), 2U);
}

TEST_F(CoverageOfDaemon, WhoeverDidSomethingIsNamedWithReason) {
  bridge_.write("etc/Kept", "wrong");
  bridge_.script("tests/smoke", "echo seen; exit 0\n");
  bridge_.configure(file_engine("Kept", "    certify: { tests: [ { name: smoke, command: [tests/smoke] } ] }\n"));
  const std::vector<std::vector<std::string>> acts = {
      {"baseline", "adopt", "Kept"}, {"hold", "Kept"}, {"unhold", "Kept"}, {"reset", "Kept"}, {"heal", "Kept"}};
  for (auto act : acts) {
    act.insert(act.end(), {"--reason", "because of " + act.front()});
    EXPECT_EQ(bridge_.autoheal(act).exit_code, 0) << act.front();
  }
  for (const auto& [type, act] : std::map<std::string, std::string>{{"baseline.adopted", "baseline"},
                                                                    {"engine.held", "hold"},
                                                                    {"engine.unheld", "unhold"},
                                                                    {"engine.reset", "reset"},
                                                                    {"heal.triggered", "heal"}}) {
    const auto lines = bridge_.entries(type);
    ASSERT_EQ(lines.size(), 1U) << type;
    const json by = json::parse(lines.front()).at("data").at("by");
    EXPECT_EQ(by.at("reason"), "because of " + act);
    EXPECT_EQ(by.at("via"), "cli");
    EXPECT_EQ(by.at("uid"), ::geteuid());
    EXPECT_EQ(by.at("role"), "admiral");
  }
  // The certificate says what was run, as whom, and what came of it.
  const json certified = json::parse(bridge_.entries("heal.certified").front()).at("data");
  for (const char* key : {"configuration", "adopted_baseline", "plan_digest", "autoheal_version", "autoheal_sha256"})
    EXPECT_FALSE(certified.at(key).get<std::string>().empty()) << key;
  const json test = certified.at("evidence").at("tests").at(0);
  for (const char* key : {"program_sha256", "user", "exit", "took_us", "output"})
    EXPECT_TRUE(test.contains(key)) << key;
  EXPECT_THAT(test.at("program_sha256").get<std::string>(), HasSubstr("sha256:"));
  expect_documented(bridge_);
}

TEST_F(CoverageOfDaemon, ARefusalNamesWhoWasRefusedAndWhatTheySaid) {
  bridge_.configure(file_engine("Kept"), "principals: [ { name: autoheal, role: admiral, os_user: nobody } ]\n");
  bridge_.write("etc/Kept", "wrong");
  ASSERT_EQ(bridge_.autoheal({"heal", "Kept", "--reason", "it is mine"}).exit_code, 4);
  bridge_.configure(file_engine("Kept"));  // who has no role may not read either
  const auto lines = bridge_.entries("access.denied");
  ASSERT_EQ(lines.size(), 1U);
  const json data = json::parse(lines.front()).at("data");
  EXPECT_EQ(data.at("wanted"), "heal");
  EXPECT_EQ(data.at("role"), "none");
  EXPECT_EQ(data.at("by").at("uid"), ::geteuid());
  EXPECT_EQ(data.at("by").at("reason"), "it is mine");
  expect_documented("access.denied", data);
}

}  // namespace
}  // namespace autoheal::testing
