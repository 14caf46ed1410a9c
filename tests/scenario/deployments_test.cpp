// A deployment goes back to an older whole release and nowhere else; what others do meanwhile is kept.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/platform_server.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Deployments : public ::testing::Test {
 protected:
  void prepare(const std::string& engine) const {
    bridge_.script("tests/verdict", "[ ! -e refuse ]\n");
    bridge_.configure("  - name: Chimera\n" + engine +
                      "    certify: { within: 0s, tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  }
  // Releases of an app that works where `works` says so; each has its manifest.
  void releases(const std::string& more = "", const std::string& self_test = "[sh, -c, current/bin/app]") const {
    prepare("    self_test: [ { name: app, command: " + self_test +
            " } ]\n    repair: { release: { link: current, releases: releases" + more + " } }\n");
    for (const auto& [name, works] : {std::pair("1.9", true), {"1.10", true}, {"1.11", false}, {"1.12", true}}) {
      const std::string release = std::string("releases/") + name;
      bridge_.script(release + "/bin/app", works ? "exit 0\n" : "exit 1\n");
      EXPECT_EQ(bridge_.autoheal({"baseline", "manifest", release}).exit_code, 0);
    }
    std::filesystem::create_symlink("releases/1.11", bridge_.path("current"));
  }
  std::string current() const { return std::filesystem::read_symlink(bridge_.path("current")).string(); }
  Ran heal() const { return bridge_.autoheal({"heal", "Chimera", "--error", "x"}); }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  Bridge bridge_;
};

TEST_F(Deployments, GoBackToTheNewestOlderReleaseNeverForward) {
  releases();
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(current(), "releases/1.10");
}

TEST_F(Deployments, PassOverAReleaseThatIsNotWhole) {
  releases();
  bridge_.write("releases/1.10/bin/app", "#!/bin/sh\nexit 0 # not what was built\n", 0755);
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(current(), "releases/1.9");
  EXPECT_THAT(bridge_.entries("heal.repair_failed").at(0), HasSubstr("bin/app"));
}

TEST_F(Deployments, WithoutAWholeOlderReleaseStayAndSaySo) {
  releases();
  shell(bridge_, "rm releases/1.9/MANIFEST.sha256; echo extra > releases/1.10/extra");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(current(), "releases/1.11");
  EXPECT_THAT(shown(), AllOf(HasSubstr("no whole release older"), HasSubstr("extra")));
}

TEST_F(Deployments, NeverComeBackToTheFailingRelease) {
  releases("", "[tests/verdict]");
  bridge_.write("refuse", "");
  EXPECT_EQ(bridge_.autoheal({"heal", "Chimera", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "4"}}).exit_code, 1);
  EXPECT_EQ(current(), "releases/1.11") << "as before";
  std::string tried;
  for (const std::string& line : bridge_.entries("heal.plan_recorded")) {
    for (const auto& change :
         nlohmann::json::parse(line).at("data").at("plan").value("changes", nlohmann::json::array()))
      tried += change.at("after").at("link_target").get<std::string>() + " ";
  }
  EXPECT_EQ(tried, "releases/1.10 releases/1.9 ");
}

TEST_F(Deployments, ALinkThatSomebodySwitchesMeanwhileStaysTheirs) {
  releases();
  bridge_.script("tests/verdict", "ln -sfn releases/1.12 current; exit 1\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(current(), "releases/1.12");
  EXPECT_THAT(shown(), AllOf(HasSubstr("rollback_incomplete"), HasSubstr("foreign")));
}

TEST_F(Deployments, ARefusedBuildLeavesEveryOutputAsItWas) {
  prepare(
      "    self_test: [ { name: app, command: [tests/verdict] } ]\n"
      "    repair: { build: { run: [bin/build], outputs: [\"dist/**\", made] } }\n");
  bridge_.write("dist/kept", "kept", 0640);
  bridge_.write("dist/sub/gone", "gone");
  bridge_.script(
      "bin/build",
      "rm -r dist/sub; mkdir -p dist/new/deep; echo x > dist/new/deep/f; echo y > dist/kept; echo z > made\n");
  bridge_.write("refuse", "");
  const std::string before = bridge_.picture();
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.picture(), before) << shown();
}

TEST_F(Deployments, ABuildThatLeavesNothingFails) {
  prepare(
      "    self_test: [ { name: app, command: [tests/verdict] } ]\n"
      "    repair: { build: { run: [\"true\"], outputs: [\"dist/*.js\"] } }\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("left no dist/*.js"));
}

TEST_F(Deployments, ThePlatformIsToldWithAnIdempotencyKeyAndToldToUndo) {
  const PlatformServer server(bridge_);
  const std::string url = server.url("/scale");
  prepare(
      "    self_test: [ { name: app, command: [tests/verdict] } ]\n"
      "    repair: { platform: { http: { url: " +
      url + ", method: PUT, body: \"3\" }, undo: { url: " + url + ", method: PUT, body: \"0\" } } }\n");
  bridge_.write("refuse", "");
  EXPECT_EQ(bridge_.autoheal({"heal", "Chimera", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}).exit_code, 1);
  const std::string heal = nlohmann::json::parse(bridge_.entries("heal.exhausted").at(0)).at("stream");
  const std::string told = bridge_.read("told");
  EXPECT_THAT(told,
              AllOf(HasSubstr("/scale "), HasSubstr("/" + heal + "/1/1 3\n"), HasSubstr("/" + heal + "/1/1/undo 0\n")));
}

// The platform did it, and its answer never came: neither done nor not done. It is undone, and the next attempt asks
// under a key of its own.
TEST_F(Deployments, Case130_ALostAnswerIsNeitherSuccessNorNothing) {
  const PlatformServer server(bridge_, 1);
  const std::string url = server.url("/scale");
  prepare(
      "    self_test: [ { name: app, command: [tests/verdict] } ]\n"
      "    repair: { platform: { http: { url: " +
      url + ", method: PUT, body: \"3\" }, undo: { url: " + url + ", method: PUT, body: \"0\" } } }\n");
  bridge_.script("tests/verdict", "test \"$(grep -c ' 3$' told)\" = 2\n");
  EXPECT_EQ(bridge_.autoheal({"heal", "Chimera", "--error", "x"}).exit_code, 0);
  const auto failed = bridge_.entries("heal.repair_failed");
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(bridge_.entries("heal.rolled_back").size(), 1U);
  const std::string heal = nlohmann::json::parse(failed.at(0)).at("stream");
  const std::string told = bridge_.read("told");
  EXPECT_THAT(told, AllOf(HasSubstr("/" + heal + "/1/1 3\n"), HasSubstr("/" + heal + "/1/1/undo 0\n"),
                          HasSubstr("/" + heal + "/2/1 3\n")));
}

}  // namespace
}  // namespace autoheal::testing
