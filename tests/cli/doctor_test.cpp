// The doctor's look at programs: wherever one is configured, it is missed where it is not there.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

struct Place {
  std::string name;  // of the engine; its program is /nowhere/NAME
  std::string more;  // self_test, repair or certify of the engine
};

std::string probing(const std::string& probe) { return "self_test: [ { name: t, " + probe + " } ]"; }
std::string repairing(const std::string& repair) {
  return probing("tcp: { host: localhost, port: 1 }") + "\n    repair: { " + repair + " }";
}

const std::vector<Place>& places() {
  static const std::vector<Place> all = {
      {"command", probing("command: [/nowhere/command]")},
      {"plugin", probing("plugin: [/nowhere/plugin]")},
      {"check_command", repairing("checks: [ { name: c, command: [/nowhere/check_command] } ]")},
      {"check_plugin", repairing("checks: [ { name: c, plugin: [/nowhere/check_plugin] } ]")},
      {"validate", repairing("files: [ { path: a, baseline: a.good, validate: [/nowhere/validate, \"{file}\"] } ]")},
      {"build", repairing("build: [ { run: [/nowhere/build], outputs: [out] } ]")},
      {"platform", repairing("platform: [ { run: [/nowhere/platform] } ]")},
      {"platform_undo", repairing("platform: [ { run: [/bin/true], undo: [/nowhere/platform_undo] } ]")},
      {"run", repairing("commands: [ { run: [/nowhere/run] } ]")},
      {"undo", repairing("commands: [ { run: [/bin/true], undo: [/nowhere/undo] } ]")},
      {"capture", repairing("commands: [ { run: [/bin/true], capture: [/nowhere/capture] } ]")},
      {"restart", repairing("service: { restart: [/nowhere/restart] }")},
      {"start", repairing("service: { start: [/nowhere/start] }")},
      {"stop", repairing("service: { start: [/bin/true], stop: [/nowhere/stop] }")},
      {"reload", repairing("service: { start: [/bin/true], reload: [/nowhere/reload] }")},
      {"service_check", repairing("service: { start: [/bin/true], check: [/nowhere/service_check] }")},
      {"test",
       probing("command: [/bin/true]") +
           "\n    certify: { tests: [ { name: t, command: [/nowhere/test, \"{n}\"], matrix: { n: [1, 2] } } ] }"},
  };
  return all;
}

std::string written(const Place& place) { return "  - name: " + place.name + "\n    " + place.more + "\n"; }

class Doctor : public ::testing::Test {
 protected:
  Doctor() { bridge_.write("a.good", "good\n"); }
  [[nodiscard]] std::multiset<std::string> findings(int code) const {
    const Ran ran = bridge_.autoheal({"doctor", "-o", "json"});
    EXPECT_EQ(ran.exit_code, code) << ran.out << ran.err;
    std::multiset<std::string> what;
    for (const auto& line : nlohmann::json::parse(ran.out)) what.insert(line.at("what").get<std::string>());
    return what;
  }
  Bridge bridge_;
};

TEST_F(Doctor, MissesEachProgramWhereverItIsConfigured) {
  std::string engines;
  for (const Place& place : places()) engines += written(place);
  bridge_.configure(engines);
  const auto found = findings(1);
  for (const Place& place : places()) {
    EXPECT_EQ(found.count(place.name + ": /nowhere/" + place.name + " cannot be executed"), 1U) << place.name;
  }
}

TEST_F(Doctor, MissesTheProgramsOfServicesThatAnEngineNeeds) {
  bridge_.configure(written({"store", repairing("service: { start: [/nowhere/store] }")}) +
                    written({"web", repairing("services: [store], service: { start: [/bin/true] }")}));
  const auto found = findings(1);
  EXPECT_THAT(found, Contains("web: /nowhere/store cannot be executed"));
  EXPECT_THAT(found, Contains("store: /nowhere/store cannot be executed"));
}

TEST_F(Doctor, TakesNoFolderAndNoPlainFileForAProgram) {
  bridge_.write("text", "no program\n");
  std::filesystem::permissions(bridge_.path("text"), std::filesystem::perms(0644));
  bridge_.configure(written({"folder", probing("command: [/usr]")}) + written({"file", probing("command: [./text]")}));
  const auto found = findings(1);
  EXPECT_THAT(found, Contains("folder: /usr cannot be executed"));
  EXPECT_THAT(found, Contains("file: " + bridge_.path("text").string() + " cannot be executed"));
}

TEST_F(Doctor, MissesTheProgramThatSendsCheckpoints) {
  const std::string engine = written({"one", probing("command: [/bin/true]")});
  bridge_.configure(engine, "checkpoints: { command: [/nowhere/send, \"{checkpoint}\"] }\n");
  EXPECT_THAT(findings(1), Contains("checkpoints: /nowhere/send cannot be executed"));
  bridge_.configure(engine, "checkpoints: { command: [/bin/true, \"{checkpoint}\"] }\n");
  EXPECT_THAT(findings(0), Not(Contains("checkpoints: /bin/true cannot be executed")));
}

}  // namespace
}  // namespace autoheal::testing
