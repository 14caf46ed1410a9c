// `init` as a newcomer runs it: from nothing to a configuration that is valid, tests, and would heal.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

class Init : public ::testing::Test {
 protected:
  [[nodiscard]] Ran init(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "init");
    return bridge_.autoheal(std::move(arguments));
  }
  void app() const {
    bridge_.write("app/app.conf", "port = 8080\n", 0640);
    bridge_.write("app/conf.d/workers.conf", "workers = 4\n");
  }
  Bridge bridge_;
};

TEST_F(Init, FromNothingToWhatWouldBeHealed) {
  app();
  const Ran made = init({"--folder", "app", "--baseline", "baseline/app"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr(bridge_.path("autoheal.yaml").string()), HasSubstr("1 engine, mode: observe")));
  EXPECT_THAT(made.err, AllOf(HasSubstr("app: 2 files of "), HasSubstr("autoheal heal app --dry-run"),
                              HasSubstr("`mode: heal`")));
  EXPECT_EQ(bridge_.read("baseline/app/conf.d/workers.conf"), "workers = 4\n");
  struct stat written{};
  ASSERT_EQ(::stat(bridge_.path("autoheal.yaml").c_str(), &written), 0);
  EXPECT_EQ(written.st_mode & 07777U, 0644U);
  EXPECT_FALSE(bridge_.exists("var"));

  EXPECT_EQ(bridge_.autoheal({"config", "check"}).exit_code, 0);
  EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 0);
  bridge_.write("app/app.conf", "port = 1\n", 0640);
  const Ran tested = bridge_.autoheal({"selftest", "--no-heal"});
  EXPECT_EQ(tested.exit_code, 1);
  EXPECT_THAT(tested.out, HasSubstr("app.conf differs from its baseline baseline/app/app.conf"));
  const Ran dry = bridge_.autoheal({"heal", "app", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0);
  EXPECT_THAT(dry.out, HasSubstr("the plan would be certified"));
  // Mode observe: a run that may heal touches nothing, and says what it would have done.
  (void)bridge_.autoheal({"selftest"});
  EXPECT_EQ(bridge_.read("app/app.conf"), "port = 1\n");
  ASSERT_EQ(bridge_.entries("heal.skipped").size(), 1U);
  EXPECT_THAT(bridge_.entries("heal.skipped").front(), HasSubstr("observe"));
  // The step that the newcomer takes last.
  std::string text = bridge_.read("autoheal.yaml");
  text.replace(text.find("  mode: observe"), 15, "  mode: heal   ");
  bridge_.write("autoheal.yaml", text);
  EXPECT_EQ(bridge_.autoheal({"selftest"}).exit_code, 0);
  EXPECT_EQ(bridge_.read("app/app.conf"), "port = 8080\n");
}

TEST_F(Init, AModeThatDriftedIsAFailure) {
  app();
  ASSERT_EQ(init({"--folder", "app", "--baseline", "base"}).exit_code, 0);
  ::chmod(bridge_.path("app/app.conf").c_str(), 0666);
  EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 1);
  EXPECT_EQ(bridge_.autoheal({"heal", "app"}).exit_code, 0);  // asked for by name: also in mode observe
  struct stat healed{};
  ASSERT_EQ(::stat(bridge_.path("app/app.conf").c_str(), &healed), 0);
  EXPECT_EQ(healed.st_mode & 07777U, 0640U);
}

TEST_F(Init, OddNamesAreQuotedOrSkippedAndNamed) {
  app();
  for (const char* odd : {"app/größe und mehr", "app/\"quoted\" 'too'", "app/{file}: [a]*? # \\x", "app/-"})
    bridge_.write(odd, "good\n");
  bridge_.write("app/new\nline", "x");
  bridge_.write("app/.env", "SECRET=1");
  const Ran made = init({"--folder", "app", "--baseline", "base", "-o", "json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, IsEmpty());
  const json told = json::parse(made.out);
  EXPECT_EQ(told.at("file"), bridge_.path("autoheal.yaml").string());
  const json& engine = told.at("engines").at(0);
  EXPECT_EQ(engine.at("engine"), "app");
  EXPECT_EQ(engine.at("files"), 6);
  EXPECT_EQ(engine.at("baseline_made"), true);
  ASSERT_EQ(engine.at("skipped").size(), 2U);
  EXPECT_EQ(engine.at("skipped").at(0).at("path"), ".env");
  EXPECT_EQ(engine.at("skipped").at(1).at("path"), "new\nline");
  EXPECT_FALSE(bridge_.exists("base/.env"));
  EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 0);
  bridge_.write("app/{file}: [a]*? # \\x", "bad\n");
  bridge_.write("app/größe und mehr", "bad\n");
  EXPECT_EQ(bridge_.autoheal({"heal", "app"}).exit_code, 0);
  EXPECT_EQ(bridge_.read("app/{file}: [a]*? # \\x"), "good\n");
  EXPECT_EQ(bridge_.read("app/größe und mehr"), "good\n");
}

TEST_F(Init, SkippedFilesAreShownNotObeyed) {
  app();
  bridge_.write("app/\x1b[31mred", "x");
  const Ran made = init({"--folder", "app", "--baseline", "base"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, AllOf(HasSubstr("skipped \\u001b[31mred"), Not(HasSubstr("\x1b"))));
}

TEST_F(Init, NothingIsOverwritten) {
  app();
  bridge_.write("autoheal.yaml", "mine");
  const Ran refused = init({"--folder", "app", "--baseline", "base"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("autoheal.yaml is there already"), HasSubstr("-c FILE")));
  EXPECT_EQ(bridge_.read("autoheal.yaml"), "mine");
  EXPECT_FALSE(bridge_.exists("base"));
  fs::remove(bridge_.path("autoheal.yaml"));
  fs::create_symlink("elsewhere", bridge_.path("autoheal.yaml"));
  EXPECT_EQ(init({"--folder", "app", "--baseline", "base"}).exit_code, 2);
  EXPECT_FALSE(bridge_.exists("elsewhere"));
  const Ran named = init({"-c", "other.yaml", "--folder", "app", "--baseline", "base"});
  EXPECT_EQ(named.exit_code, 0) << named.err;
  EXPECT_THAT(named.err, HasSubstr("autoheal -c other.yaml config check"));
  EXPECT_EQ(bridge_.autoheal({"-c", "other.yaml", "config", "check"}).exit_code, 0);
}

TEST_F(Init, GoodCopiesThatAreThereAreKept) {
  app();
  bridge_.write("base/app.conf", "port = 9090\n");
  const Ran made = init({"--folder", "app", "--baseline", "base"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("held against the good copies in "));
  EXPECT_EQ(bridge_.read("base/app.conf"), "port = 9090\n");
  EXPECT_FALSE(bridge_.exists("base/conf.d"));
  EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 1);
}

TEST_F(Init, AConfigurationInsideTheFolderKeepsItsOwnFilesOut) {
  app();
  bridge_.write("app/var/ledger.db", "somebody else's");
  const Ran made = init({"-c", "app/autoheal.yaml", "--folder", "app", "--baseline", "app/baseline"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("ledger and reports lie in autoheal-state/"));
  const auto autoheal = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", "app/autoheal.yaml"});
    return bridge_.autoheal(std::move(arguments)).exit_code;
  };
  EXPECT_EQ(autoheal({"config", "check"}), 0);
  EXPECT_EQ(autoheal({"selftest", "--no-heal"}), 0);
  EXPECT_EQ(bridge_.read("app/var/ledger.db"), "somebody else's");
  EXPECT_TRUE(bridge_.exists("app/autoheal-state/ledger.db"));
  bridge_.write("app/app.conf", "bad\n");
  EXPECT_EQ(autoheal({"heal", "app"}), 0);
  EXPECT_EQ(autoheal({"selftest", "--no-heal"}), 0);
  // A second look finds the same files: nothing of Autoheal's own is among them.
  fs::remove(bridge_.path("app/autoheal.yaml"));
  const Ran again = init({"-c", "app/autoheal.yaml", "--folder", "app", "--baseline", "copies", "-o", "json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out).at("engines").at(0).at("files"), 6);  // with the old good copies and var/ledger.db
}

TEST_F(Init, SeveralFoldersAreSeveralEngines) {
  app();
  bridge_.write("more/app/x.conf", "x");
  const Ran made = init({"--folder", "app", "--baseline", "base/1", "--folder", "more/app", "--baseline", "base/2"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Ran engines = bridge_.autoheal({"engines", "-o", "csv"});
  EXPECT_THAT(engines.out, AllOf(HasSubstr("\napp,arie,2"), HasSubstr("\napp-2,arie,1")));
}

TEST_F(Init, FoldersThatOverlapAreRefused) {
  app();
  fs::create_directory_symlink("app", bridge_.path("alias"));
  for (const auto& [one, other] :
       {std::pair("app", "app/conf.d"), std::pair("app", "app"), std::pair("app", "alias")}) {
    const Ran refused = init({"--folder", one, "--baseline", "base/1", "--folder", other, "--baseline", "base/2"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("managed twice"));
  }
  bridge_.write("more/x", "x");
  EXPECT_EQ(init({"--folder", "app", "--baseline", "base", "--folder", "more", "--baseline", "base/2"}).exit_code, 2);
  EXPECT_FALSE(bridge_.exists("base"));
}

TEST_F(Init, WhatIsNotThereLeavesNothingBehind) {
  app();
  const std::string before = bridge_.picture();
  EXPECT_EQ(init({"--folder", "nowhere", "--baseline", "base"}).exit_code, 5);
  EXPECT_EQ(init({"--folder", "app/app.conf", "--baseline", "base"}).exit_code, 5);
  EXPECT_EQ(init({"--folder", "app", "--baseline", "app"}).exit_code, 2);
  EXPECT_EQ(init({"--folder", "app", "--baseline", "base", "--folder", "nowhere", "--baseline", "b2"}).exit_code, 5);
  EXPECT_EQ(init({"-c", "nowhere/x.yaml", "--folder", "app", "--baseline", "base"}).exit_code, 5);
  // The good copies are made first: they go again when the configuration cannot be written.
  EXPECT_EQ(init({"-c", std::string(250, 'x') + ".yaml", "--folder", "app", "--baseline", "deep/base"}).exit_code, 1);
  EXPECT_EQ(bridge_.picture(), before);
}

TEST_F(Init, AFolderThatOthersCanWriteIsRefused) {
  app();
  ::chmod(bridge_.path("").c_str(), 0777);
  const Ran refused = init({"--folder", "app", "--baseline", "base"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("others can write the folder"), HasSubstr("decides what is run")));
  EXPECT_FALSE(bridge_.exists("autoheal.yaml"));
  EXPECT_FALSE(bridge_.exists("base"));
}

TEST_F(Init, AMachineWithoutNginxOrSystemdIsToldSo) {
  app();
  const std::string before = bridge_.picture();
  if (!fs::exists("/usr/sbin/nginx") && !fs::exists("/usr/local/sbin/nginx")) {
    const Ran absent = init({"--nginx", "--folder", "app", "--baseline", "base"});
    EXPECT_EQ(absent.exit_code, 5);
    EXPECT_THAT(absent.err, HasSubstr("nginx is not installed"));
  }
  if (!fs::exists("/run/systemd/system")) {
    const Ran without = init({"--unit", "ssh", "--folder", "app", "--baseline", "base"});
    EXPECT_EQ(without.exit_code, 6);
    EXPECT_THAT(without.err, HasSubstr("systemd does not run here"));
  }
  EXPECT_EQ(init({"--unit", "--now"}).exit_code, 2);
  EXPECT_EQ(init({"--unit", "a b"}).exit_code, 2);
  EXPECT_EQ(bridge_.picture(), before);
}

TEST_F(Init, HelpTeachesAndUsageErrorsAreTwo) {
  const Ran help = init({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("autoheal init --folder /srv/app/etc --baseline"), HasSubstr("never overwritten")));
  app();
  EXPECT_EQ(init({}).exit_code, 2);
  EXPECT_EQ(init({"--folder", "app"}).exit_code, 2);
  EXPECT_EQ(init({"--folder", "", "--baseline", "x"}).exit_code, 2);
  EXPECT_EQ(init({"--folder", "a\nb", "--baseline", "x"}).exit_code, 2);
  EXPECT_FALSE(bridge_.exists("autoheal.yaml"));
}

}  // namespace
}  // namespace autoheal::testing
