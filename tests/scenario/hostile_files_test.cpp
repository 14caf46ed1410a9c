// Hostile cases 59 to 74 (tests/README.md) through the program: odd targets, odd baselines, others at work.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class HostileFiles : public ::testing::Test {
 protected:
  // One engine with its root in app/, everything else beside it.
  void engine_with(const std::string& repair, const std::string& more = "", const std::string& head = "") const {
    fs::create_directories(bridge_.path("app"));
    bridge_.configure(
        "  - name: Sample\n    root: app\n    self_test: [ { name: t, command: [\"true\"] } ]\n    repair: { " +
            repair + " }\n" + more,
        head);
  }
  void file_engine(const std::string& more = "", const std::string& head = "") const {
    bridge_.write("baseline", "port = 8080\n");
    engine_with("files: [ { path: etc/app.conf, baseline: baseline } ]", more, head);
  }
  Ran heal() const { return bridge_.autoheal({"heal", "Sample", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}); }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  Bridge bridge_;
};

TEST_F(HostileFiles, Case59_ALinkAtTheTargetOrAboveItIsNotFollowed) {
  file_engine();
  bridge_.write("outside/app.conf", "theirs\n");
  fs::create_directories(bridge_.path("app/etc"));
  fs::create_symlink("../../outside/app.conf", bridge_.path("app/etc/app.conf"));
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("outside/app.conf"), "theirs\n");
  EXPECT_TRUE(fs::is_symlink(bridge_.path("app/etc/app.conf")));
  fs::remove_all(bridge_.path("app/etc"));
  fs::create_directory_symlink("../outside", bridge_.path("app/etc"));
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("a symbolic link stands in the path"));
  EXPECT_EQ(bridge_.read("outside/app.conf"), "theirs\n");
}

TEST_F(HostileFiles, Case60_AHardLinkToAFileOutsideIsRefused) {
  file_engine();
  bridge_.write("outside", "theirs\n");
  fs::create_directories(bridge_.path("app/etc"));
  fs::create_hard_link(bridge_.path("outside"), bridge_.path("app/etc/app.conf"));
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("hard link"));
  EXPECT_EQ(bridge_.read("outside"), "theirs\n");
  EXPECT_EQ(fs::hard_link_count(bridge_.path("outside")), 2U);
}

TEST_F(HostileFiles, Case61_AFifoADeviceAndAFolderAreRefusedAtOnce) {
  file_engine();
  fs::create_directories(bridge_.path("app/etc"));
  const auto target = bridge_.path("app/etc/app.conf");
  ASSERT_EQ(::mkfifo(target.c_str(), 0644), 0);
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_TRUE(fs::is_fifo(target));
  fs::remove(target);
  if (::mknod(target.c_str(), S_IFCHR | 0644, makedev(1, 5)) == 0) {  // /dev/zero
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_TRUE(fs::is_character_file(target));
    fs::remove(target);
  }
  fs::create_directory(target);
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_TRUE(fs::is_directory(target));
}

TEST_F(HostileFiles, Case62_NamesThatLeadElsewhereAreConfigurationErrors) {
  bridge_.write("baseline", "x");
  const std::string long_name(300, 'n');
  for (const std::string& name :
       std::vector<std::string>{"../../x", "/x", "a/../../x", "a/../x", "a/", "", "./a", "a//b", "a/.", long_name,
                                "a/" + long_name, "a\\nb", "a\\0b", "\xff", ".autoheal/x"}) {
    engine_with("files: [ { path: \"" + name + "\", baseline: baseline } ]");
    const std::string before = bridge_.picture(true);
    EXPECT_EQ(bridge_.autoheal({"config", "check"}).exit_code, 78) << name;
    EXPECT_EQ(heal().exit_code, 78) << name;
    EXPECT_EQ(bridge_.picture(true), before) << name;
    EXPECT_FALSE(bridge_.exists("var"));
  }
  // The root itself is no file that could be written.
  engine_with("files: [ { path: \".\", baseline: baseline } ]");
  EXPECT_NE(heal().exit_code, 0);
  EXPECT_TRUE(fs::is_directory(bridge_.path("app")));
}

TEST_F(HostileFiles, Case64_TheSameFileTwiceOrInOtherLettersIsAConfigurationError) {
  bridge_.write("baseline", "x");
  for (const std::string other : {"etc/a", "ETC/A", "etc/a/b"}) {
    engine_with("files: [ { path: etc/a, baseline: baseline }, { path: " + other + ", baseline: baseline } ]");
    EXPECT_EQ(bridge_.autoheal({"config", "check"}).exit_code, 78) << other;
  }
}

TEST_F(HostileFiles, Case65_ABaselineBeyondTheLimitIsRefusedAndLeavesNothing) {
  file_engine("", "vault: { max_blob: 1MiB }\n");
  bridge_.write("baseline", std::string((1U << 20U) + 1, 'x'));
  const Ran refused = heal();
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_THAT(refused.err, HasSubstr("vault.max_blob"));
  fs::resize_file(bridge_.path("baseline"), std::uintmax_t{100} << 30U);
  EXPECT_EQ(heal().exit_code, 78);
  EXPECT_FALSE(bridge_.exists("var"));
  bridge_.write("baseline", std::string(1U << 20U, 'x'));
  fs::create_directories(bridge_.path("app/etc"));
  EXPECT_EQ(heal().exit_code, 0) << shown();
}

TEST_F(HostileFiles, Case65_ASnapshotBeyondTheLimitIsRefusedAndLeavesNothing) {
  engine_with("state: { path: queue, snapshot: snapshot }", "    strategy: cascade\n", "vault: { max_blob: 1MiB }\n");
  bridge_.write("snapshot/huge", "");
  bridge_.write("app/queue/job", "job\n");
  for (const std::uintmax_t size : {(std::uintmax_t{1} << 20U) + 1, std::uintmax_t{100} << 30U}) {
    fs::resize_file(bridge_.path("snapshot/huge"), size);
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_THAT(shown(), AllOf(HasSubstr("huge"), HasSubstr("larger than")));
    EXPECT_EQ(bridge_.read("app/queue/job"), "job\n");
    EXPECT_FALSE(bridge_.exists("app/queue/huge"));
  }
}

TEST_F(HostileFiles, Case67_AnOlderBaselineCountsOnlyOnceItIsAdoptedAndThatIsRecorded) {
  file_engine("    certify: { hashes: [etc/app.conf] }\n");
  bridge_.write("app/etc/app.conf", "port = 8080\n");
  EXPECT_EQ(bridge_.autoheal({"baseline", "adopt", "Sample"}).exit_code, 0);
  bridge_.write("baseline", "port = 80  # of last year\n");
  bridge_.write("app/etc/app.conf", "damaged\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("app/etc/app.conf"), "damaged\n");
  EXPECT_THAT(shown(), HasSubstr("is not the one that was adopted"));
  // Somebody with the role says that this is the one; what he adopts stands in the ledger by its digest.
  bridge_.write("app/etc/app.conf", "port = 80  # of last year\n");
  EXPECT_EQ(bridge_.autoheal({"baseline", "adopt", "Sample"}).exit_code, 0);
  const auto adopted = bridge_.entries("baseline.adopted");
  ASSERT_THAT(adopted, SizeIs(2));
  EXPECT_NE(nlohmann::json::parse(adopted[0]).at("data"), nlohmann::json::parse(adopted[1]).at("data"));
  bridge_.write("app/etc/app.conf", "damaged\n");
  EXPECT_EQ(heal().exit_code, 0) << shown();
}

TEST_F(HostileFiles, Case68_ModeAndAttributesOfABaselineAreNotApplied) {
  file_engine();
  fs::create_directories(bridge_.path("app/etc"));
  ASSERT_EQ(::chmod(bridge_.path("baseline").c_str(), 06755), 0);
  (void)::setxattr(bridge_.path("baseline").c_str(), "user.note", "x", 1, 0);
  EXPECT_EQ(heal().exit_code, 0) << shown();
  struct stat made{};
  ASSERT_EQ(::lstat(bridge_.path("app/etc/app.conf").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777U, 0644U);
  EXPECT_LT(::getxattr(bridge_.path("app/etc/app.conf").c_str(), "user.note", nullptr, 0), 0);
}

TEST_F(HostileFiles, Case68_ASetUserIdFileOfASnapshotNeedsTheRuleThatAllowsIt) {
  const std::string state = "state: { path: queue, snapshot: snapshot }";
  engine_with(state, "    strategy: cascade\n");
  bridge_.write("snapshot/tools/deep/suid", "x", 04755);
  bridge_.write("app/queue/job", "job\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("setuid"));
  EXPECT_EQ(bridge_.read("app/queue/job"), "job\n");
  EXPECT_FALSE(bridge_.exists("app/queue/tools"));
  engine_with(state, "    strategy: cascade\n    certify: { security: { paths: [queue], allow_setid: true } }\n");
  EXPECT_EQ(heal().exit_code, 0) << shown();
}

TEST_F(HostileFiles, Case68_ADeviceOrFifoInASnapshotIsRefused) {
  engine_with("state: { path: queue, snapshot: snapshot }", "    strategy: cascade\n");
  bridge_.write("snapshot/job", "job\n");
  ASSERT_EQ(::mkfifo(bridge_.path("snapshot/fifo").c_str(), 0644), 0);
  bridge_.write("app/queue/old", "old\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("neither file, folder nor link"));
  EXPECT_TRUE(bridge_.exists("app/queue/old"));
}

TEST_F(HostileFiles, Case73_TwoEnginesWithTheSameOrNestedTargetsAreAConfigurationError) {
  bridge_.write("baseline", "x");
  const auto two = [&](const std::string& one, const std::string& other) {
    const std::string head = "    self_test: [ { name: t, command: [\"true\"] } ]\n    repair: ";
    bridge_.configure("  - name: A\n" + head + one + "\n  - name: B\n" + head + other + "\n");
    return bridge_.autoheal({"config", "check"}).exit_code;
  };
  const std::string file = "{ files: [ { path: etc/a, baseline: baseline } ] }";
  EXPECT_EQ(two(file, file), 78);
  EXPECT_EQ(two(file, "{ policy: [ { path: etc, max_mode: \"0755\", recursive: true } ] }"), 78);
  EXPECT_EQ(two(file, "{ files: [ { path: etc/b, baseline: baseline } ] }"), 0);
}

// Another ledger, the same root: the second healer leaves everything alone.
TEST_F(HostileFiles, Case73_TwoHealersOfOneRootAreNeverAtWorkTogether) {
  file_engine("    certify: { tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  bridge_.write("run/.keep", "");
  ASSERT_EQ(::mkfifo(bridge_.path("run/gate").c_str(), 0600), 0);
  bridge_.script("tests/verdict", "read -r nothing < ../run/gate; true\n");
  bridge_.write("app/etc/app.conf", "damaged\n");
  Background first(bridge_.invocation({"heal", "Sample", "--error", "x"}));
  const int gate = ::open(bridge_.path("run/gate").c_str(), O_WRONLY | O_CLOEXEC);  // returns once the test waits
  ASSERT_GE(gate, 0);
  bridge_.write("other", "another word\n");
  bridge_.write("second.yaml",
                "version: 1\nledger: second/ledger.db\nreports: second/reports\nhealing: { max_retries: 1 }\nengines:\n"
                "  - name: Other\n    root: app\n    self_test: [ { name: t, command: [\"true\"] } ]\n"
                "    repair: { files: [ { path: etc/app.conf, baseline: other } ] }\n");
  const Ran second = bridge_.autoheal({"-c", "second.yaml", "heal", "Other", "--error", "x"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(bridge_.autoheal({"-c", "second.yaml", "show", "last"}).out, HasSubstr("another autoheal"));
  EXPECT_EQ(bridge_.read("app/etc/app.conf"), "port = 8080\n");
  ::close(gate);
  EXPECT_EQ(first.wait(), 0);
}

TEST_F(HostileFiles, Case74_AnEditWhileTheRepairRunsIsKeptAndSaid) {
  bridge_.write("baseline", "port = 8080\n");
  bridge_.script("tests/edit", "echo mine > etc/app.conf\n");
  engine_with("files: [ { path: etc/app.conf, baseline: baseline, validate: [tests/edit, \"{file}\"] } ]");
  bridge_.write("app/etc/app.conf", "damaged\n");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("app/etc/app.conf"), "mine\n");
  EXPECT_THAT(shown(), AllOf(HasSubstr("target_changed"), HasSubstr("etc/app.conf")));
}

}  // namespace
}  // namespace autoheal::testing
