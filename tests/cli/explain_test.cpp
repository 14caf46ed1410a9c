// Explanations of the program: why an engine is or is not healed, why a heal failed, what it left behind.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Explain : public ::testing::Test {
 protected:
  Explain() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n", 0666);
  }
  void configure(const std::string& file = "", const std::string& more = "", const std::string& head = "",
                 const std::string& healing = "") const {
    bridge_.configure(
        "  - name: EnvRecon\n"
        "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
        "    healing: { max_retries: 1, cooldown: 0s" +
            healing +
            " }\n"
            "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf" +
            file + " } ]" + more + " }\n",
        head);
  }
  [[nodiscard]] json explained() const {
    const Ran ran = bridge_.autoheal({"explain", "EnvRecon", "-o", "json"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return json::parse(ran.out);
  }
  [[nodiscard]] std::vector<std::filesystem::path> left() const {
    std::vector<std::filesystem::path> names;
    for (const auto& one : std::filesystem::directory_iterator(bridge_.path(".autoheal"))) {
      if (one.path().filename() != "lock") names.push_back(one.path());
    }
    return names;
  }
  Bridge bridge_;
};

TEST_F(Explain, SaysWhatIsThereWhatIsDeclaredAndWhatWouldBeDone) {
  bridge_.write(".env", "PORT=1\nAPI_TOKEN=hunter2hunter2\n", 0600);
  std::filesystem::create_symlink("releases/1", bridge_.path("current"));
  configure(", mode: \"0640\"",
            ", env: [ { file: .env, set: { PORT: \"2\" }, unset: [OLD] } ], links: [ { path: current, target: "
            "releases/2 } ]");
  const std::string before = bridge_.picture(true);
  const Ran text = bridge_.autoheal({"explain", "EnvRecon"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("file, mode 0666, "), HasSubstr("8 bytes, sha256:"),
                              HasSubstr("files: the bytes of baseline/app.conf (sha256:"), HasSubstr("mode 0640"),
                              HasSubstr("self_test config: the bytes of"), HasSubstr("as .env by a shell, systemd"),
                              HasSubstr("env: sets PORT; unsets OLD"), HasSubstr("link to releases/1")));
  EXPECT_THAT(text.out, AllOf(HasSubstr("would files etc/app.conf"), HasSubstr("would link current -> releases/2"),
                              HasSubstr("fails: etc/app.conf differs from its baseline"),
                              HasSubstr("the plan would be certified"), HasSubstr("rolled back")));
  EXPECT_THAT(text.out, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("hmac-"))));
  const json all = explained();
  EXPECT_EQ(all.at("targets").size(), 3U);
  EXPECT_TRUE(all.at("plan").at("certified"));
  EXPECT_EQ(all.at("targets")[0].at("mode"), "0666");
  EXPECT_FALSE(all.at("targets")[1].contains("digest")) << "of an env file it would confirm guesses";
  EXPECT_EQ(bridge_.picture(true), before) << "something was touched";
  EXPECT_FALSE(bridge_.exists("var/ledger.db"));
}

TEST_F(Explain, NamesWhoHasATargetOpen) {
  configure();
  const Background holder(
      {{"/bin/sh", "-c", "exec 8>> \"$1\"; exec sleep 600", "sh", bridge_.path("etc/app.conf").string()}, {}, {}, {}});
  json open;
  while (open.empty()) open = explained().at("targets")[0].at("open_by");
  EXPECT_TRUE(open[0].at("writes"));
  EXPECT_THAT(open[0].at("program").get<std::string>(), ::testing::AnyOf(HasSubstr("sleep"), HasSubstr("sh")));
  EXPECT_GT(open[0].at("pid"), 0);
}

TEST_F(Explain, SaysWhyAPlanWouldBeRefusedOrCannotBeMade) {
  bridge_.configure(
      "  - name: EnvRecon\n"
      "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n"
      "    certify: { security: { paths: [etc], forbid: ['^port'] } }\n");
  EXPECT_THAT(bridge_.autoheal({"explain", "EnvRecon"}).out,
              AllOf(HasSubstr("refused   security: etc/app.conf would hold what is forbidden: ^port"),
                    HasSubstr("nothing would be touched")));
  EXPECT_FALSE(explained().at("plan").at("certified"));
  std::filesystem::remove(bridge_.path("etc/app.conf"));
  std::filesystem::create_directory(bridge_.path("etc/app.conf"));
  EXPECT_THAT(bridge_.autoheal({"explain", "EnvRecon"}).out,
              AllOf(HasSubstr("no plan"), HasSubstr("there     a folder")));
  EXPECT_EQ(bridge_.autoheal({"explain", "EnvRecom"}).exit_code, 5);
}

TEST_F(Explain, WorksBesideADaemonAndWritesNothing) {
  configure("", "", "", ", mode: observe");
  const Daemon daemon(bridge_);
  const std::string before = bridge_.autoheal({"ledger", "export"}).out;
  EXPECT_THAT(bridge_.autoheal({"explain", "EnvRecon"}).out,
              AllOf(HasSubstr("mode: observe"), HasSubstr("would files etc/app.conf")));
  EXPECT_EQ(bridge_.autoheal({"ledger", "export", "--since-seq", "1"}).out.substr(0, before.size()), before);
}

TEST_F(Explain, AFailedHealSaysWhyAndWhatNext) {
  bridge_.script("tests/check", "echo 'line 3: no such option' >&2; exit 2\n");
  configure(", validate: [tests/check, \"{file}\"]");
  for (const auto& command : std::vector<std::vector<std::string>>{{"heal", "EnvRecon"}, {"selftest"}}) {
    const Ran failed = bridge_.autoheal(command);
    EXPECT_EQ(failed.exit_code, 1);
    EXPECT_THAT(failed.out, AllOf(HasSubstr("why:  etc/app.conf: the new content did not validate: "),
                                  HasSubstr("ended with exit status 2: line 3: no such option"),
                                  HasSubstr("next: `autoheal show ")));
  }
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("line 3: no such option"));
  const Ran json_form = bridge_.autoheal({"heal", "EnvRecon", "-o", "json"});
  EXPECT_THAT(json_form.out, Not(HasSubstr("no such option"))) << "the result has exactly the contract's keys";
}

TEST_F(Explain, WhatTheVaultCannotTakeIsNamedAndGoesThereWhenItCan) {
  configure("", "", "vault: { max_blob: 4KiB }\n");
  bridge_.write("etc/app.conf", std::string(10'000, 'x'));
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  ASSERT_THAT(left(), SizeIs(1));
  const std::string name = ".autoheal/" + left().front().filename().string();
  const auto kept = bridge_.entries("heal.images_kept");
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_THAT(kept.front(), HasSubstr(name));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out,
              AllOf(HasSubstr(name), HasSubstr("displaced from etc/app.conf; "), HasSubstr("limit of 4096")));
  EXPECT_THAT(bridge_.autoheal({"audit"}).out, HasSubstr("heal.images_kept"));
  const Ran doctor = bridge_.autoheal({"doctor"});
  EXPECT_EQ(doctor.exit_code, 0) << doctor.out;
  EXPECT_THAT(doctor.out, AllOf(HasSubstr(name), HasSubstr("9.7 KiB"), HasSubstr("displaced from etc/app.conf"),
                                HasSubstr("larger than vault.max_blob (4.0 KiB)")));
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);

  ASSERT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
  EXPECT_THAT(left(), SizeIs(1));
  EXPECT_THAT(bridge_.entries("heal.images_kept"), SizeIs(1)) << "the same is told once";
  configure("", "", "vault: { max_blob: 1MiB }\n");
  EXPECT_THAT(bridge_.autoheal({"doctor"}).out, HasSubstr("takes it into the vault"));
  ASSERT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(bridge_.autoheal({"doctor"}).out, Not(HasSubstr(".autoheal")));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("nothing that it displaced lies beside its targets"));
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(Explain, DoctorTellsAStrangersFileFromOurs) {
  configure();
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  bridge_.write(".autoheal/notes.txt", "somebody's");
  EXPECT_THAT(bridge_.autoheal({"doctor"}).out,
              AllOf(HasSubstr(".autoheal/notes.txt"), HasSubstr("is nothing that Autoheal put there")));
  ASSERT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
  EXPECT_TRUE(bridge_.exists(".autoheal/notes.txt"));
}

}  // namespace
}  // namespace autoheal::testing
