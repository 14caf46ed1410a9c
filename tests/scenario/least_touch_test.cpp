// As little as possible is touched, through the program: what is open, linked, mounted or listed stays so; what is new
// has what it should; what cannot be done is said before anything is tried.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/examples/repair_examples.hpp"
#include "tools/host/system/access_lists.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class LeastTouch : public ::testing::Test {
 protected:
  LeastTouch() { fs::create_directories(bridge_.path("app")); }

  void engine_with(const std::string& repair, const std::string& test = "command: [\"true\"]") const {
    bridge_.configure("  - name: Sample\n    root: app\n    self_test: [ { name: t, " + test + " } ]\n    repair: { " +
                      repair + " }\n");
  }
  Ran heal() const { return bridge_.autoheal({"heal", "Sample", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}); }
  Ran dry_run() const { return bridge_.autoheal({"heal", "Sample", "--dry-run"}); }
  Ran doctor() const { return bridge_.autoheal({"doctor"}); }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  struct stat status(const std::string& path) const {
    struct stat found{};
    EXPECT_EQ(::lstat(bridge_.path(path).c_str(), &found), 0) << path;
    return found;
  }
  unsigned mode(const std::string& path) const { return status(path).st_mode & 07777U; }
  std::string acl(const std::string& path) const {
    const UniqueFd open(::open(bridge_.path(path).c_str(), O_PATH | O_CLOEXEC));
    return host::access_list_of(open.get()).value_or("?");
  }
  bool give_list(const std::string& path, const std::string& acl, unsigned mode) const {
    const UniqueFd open(::open(bridge_.path(path).c_str(), O_PATH | O_CLOEXEC));
    return host::set_access_list(open.get(), acl, mode).has_value();
  }
  bool give_defaults(const std::string& path, const std::string& acl) const {
    const UniqueFd open(::open(bridge_.path(path).c_str(), O_PATH | O_CLOEXEC));
    return host::set_default_list(open.get(), acl).has_value();
  }
  static bool is_root() { return ::geteuid() == 0; }
  // False where no flags can be set here.
  bool set_flags(const std::string& path, int flags) const {
    const UniqueFd open(::open(bridge_.path(path).c_str(), O_RDONLY | O_CLOEXEC));
    return ::ioctl(open.get(), FS_IOC_SETFLAGS, &flags) == 0;
  }
  // Told beforehand, and nothing is touched.
  void is_foreseen(const std::string& reason) const {
    const std::string before = bridge_.picture(true);
    const Ran dry = dry_run();
    EXPECT_EQ(dry.exit_code, 1);
    EXPECT_THAT(dry.err, HasSubstr(reason));
    EXPECT_THAT(doctor().out, HasSubstr(reason));
    EXPECT_EQ(heal().exit_code, 1);
    EXPECT_THAT(shown(), HasSubstr(reason));
    EXPECT_THAT(shown(), Not(HasSubstr("rollback_incomplete")));
    EXPECT_EQ(bridge_.picture(true), before);
  }

  Bridge bridge_;
};

TEST_F(LeastTouch, ALogKeepsItsInodeItsOtherNameAndWhatIsWrittenToIt) {
  engine_with("policy: [ { path: app.log, max_mode: \"0640\" } ]");
  bridge_.write("app/app.log", "before\n", 0666);
  fs::create_hard_link(bridge_.path("app/app.log"), bridge_.path("app/again.log"));
  std::ofstream log(bridge_.path("app/app.log"), std::ios::app);
  const auto inode = status("app/app.log").st_ino;
  ASSERT_EQ(heal().exit_code, 0) << shown();
  log << "after\n" << std::flush;
  EXPECT_EQ(status("app/app.log").st_ino, inode);
  EXPECT_EQ(status("app/again.log").st_ino, inode);
  EXPECT_EQ(mode("app/app.log"), 0640U);
  EXPECT_EQ(bridge_.read("app/app.log"), "before\nafter\n");
}

TEST_F(LeastTouch, ALogThatGrowsAllTheTimeIsCertified) {
  engine_with("policy: [ { path: app.log, max_mode: \"0640\" } ]", "command: [ ./grow ]");
  bridge_.write("app/app.log", "", 0666);
  bridge_.script("grow", "echo line >> app.log; test \"$(stat -c %a app.log)\" = 640");
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("app/app.log"), 0640U);
}

TEST_F(LeastTouch, SocketsAndFifosBelowAPolicyBlockNobody) {
  engine_with("policy: [ { path: d, max_mode: \"0640\", recursive: true } ]");
  bridge_.write("app/d/f", "x", 0666);
  bridge_.write("app/d/locked", "x", 0007);
  ASSERT_EQ(::mkfifo(bridge_.path("app/d/pipe").c_str(), 0666), 0);
  ::chmod(bridge_.path("app/d/pipe").c_str(), 0666);
  ASSERT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("app/d/f"), 0640U);
  EXPECT_EQ(mode("app/d/pipe"), 0640U);
  EXPECT_EQ(mode("app/d/locked"), 0000U);
}

TEST_F(LeastTouch, ADefaultListOfTheRootGivesNothingAway) {
  engine_with("env: [ { file: .env, set: { X: \"1\" } } ]", "env: { file: .env, require: [X] }");
  bridge_.write("app/.env", "TOKEN=a\n", 0640);
  if (!give_defaults("app", "user::rwx,user:33:rwx,group::r-x,mask::rwx,other::r-x"))
    GTEST_SKIP() << "no access lists on this file system";
  ASSERT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(acl("app/.env"), "");
  EXPECT_EQ(mode("app/.env"), 0640U);
}

TEST_F(LeastTouch, AModeThatWidensAListIsRefusedWithTheWayOut) {
  bridge_.write("good", "x\n");
  bridge_.write("app/a", "x\n");
  if (!give_list("app/a", "user:33:rw-,group::r--", 0600)) GTEST_SKIP() << "no access lists on this file system";
  ::chmod(bridge_.path("app/a").c_str(), 0600);
  engine_with("files: [ { path: a, baseline: good, mode: \"0640\" } ]");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("`acl: none`"));
  EXPECT_EQ(mode("app/a"), 0600U);
  engine_with("files: [ { path: a, baseline: good, mode: \"0640\", acl: none } ]");
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(acl("app/a"), "");
  EXPECT_EQ(mode("app/a"), 0640U);
  engine_with("files: [ { path: a, baseline: good, acl: [ \"user:33:r\" ] } ]");
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(acl("app/a"), "user:33:r--,group::r--");
}

TEST_F(LeastTouch, AMissingFileIsAsItsBaselineAndItsFolderHaveIt) {
  bridge_.write("good", "secret\n", 0600);
  fs::create_directories(bridge_.path("app/etc"));
  ::chmod(bridge_.path("app/etc").c_str(), 02775);
  if (is_root()) {
    ASSERT_EQ(::chown(bridge_.path("app/etc").c_str(), 0, 42), 0);
    ::chmod(bridge_.path("app/etc").c_str(), 02775);
  }
  engine_with("files: [ { path: etc/a, baseline: good } ]", "file: { path: etc/a, baseline: good }");
  ASSERT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("app/etc/a"), 0600U);
  EXPECT_EQ(status("app/etc/a").st_gid, status("app/etc").st_gid);
}

TEST_F(LeastTouch, MissingFoldersAreMadeAndTakenBack) {
  bridge_.write("good", "x\n");
  ::chmod(bridge_.path("app").c_str(), 02750);
  engine_with("files: [ { path: x/y/a, baseline: good }, { path: x/b, baseline: good } ]",
              "file: { path: x/y/a, baseline: good }");
  EXPECT_EQ(dry_run().exit_code, 0);
  ASSERT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("app/x/y"), 02750U);
  EXPECT_EQ(bridge_.read("app/x/b"), "x\n");
  fs::remove_all(bridge_.path("app/x"));
  engine_with("files: [ { path: x/y/a, baseline: good } ]", "command: [\"false\"]");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_FALSE(bridge_.exists("app/x")) << "rolled back with what lay in it";
}

TEST_F(LeastTouch, ALinkThatAnEditorTurnedIntoAFileComesBackAndTheFileIsKept) {
  fs::create_directories(bridge_.path("app/on"));
  bridge_.write("app/on/site", "edited\n");
  engine_with("links: [ { path: on/site, target: ../have/site } ]", "command: [ test, -h, on/site ]");
  ASSERT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(fs::read_symlink(bridge_.path("app/on/site")), "../have/site");
  fs::remove(bridge_.path("app/on/site"));
  bridge_.write("app/on/site", "edited again\n");
  engine_with("links: [ { path: on/site, target: ../have/site } ]", "command: [\"false\"]");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("app/on/site"), "edited again\n");
}

TEST_F(LeastTouch, ALinkLeadsWhereItIsDeclaredToLead) {
  fs::create_symlink("/etc/passwd", bridge_.path("app/chain"));
  for (const char* target : {"/usr/share/zoneinfo/UTC", "../x", "chain", "l", "/no/such/place", "nowhere"}) {
    fs::remove(bridge_.path("app/l"));
    fs::create_symlink("wrong", bridge_.path("app/l"));
    engine_with("links: [ { path: l, target: " + std::string(target) + " } ]",
                "link: { path: l, target: " + std::string(target) + " }");
    EXPECT_EQ(dry_run().exit_code, 0) << target;
    EXPECT_EQ(heal().exit_code, 0) << target << shown();
    EXPECT_EQ(fs::read_symlink(bridge_.path("app/l")), target);
  }
}

TEST_F(LeastTouch, AnAccessListThatLeavesTheModeAloneIsSeenByItsProbeAndTakenOff) {
  bridge_.write("good", "x\n");
  bridge_.write("app/a", "x\n");
  ::chmod(bridge_.path("app/a").c_str(), 0660);
  if (!give_list("app/a", "user:33:rw-,group::rw-", 0660)) GTEST_SKIP() << "no access lists on this file system";
  const auto healed_to = [&](const std::string& declared, const std::string& acl_left, unsigned mode_left) {
    engine_with("files: [ { path: a, baseline: good, " + declared + " } ]", "file: { path: a, " + declared + " }");
    EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 1) << declared;
    EXPECT_EQ(bridge_.autoheal({"selftest"}).exit_code, 0) << declared << shown();
    EXPECT_EQ(acl("app/a"), acl_left) << declared;
    EXPECT_EQ(mode("app/a"), mode_left) << declared;
    EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 0) << declared;
  };
  healed_to("acl: none, mode: \"0660\"", "", 0660);
  healed_to("acl: [ \"user:33:rwx\" ], mode: \"0640\"", "user:33:rwx,group::r--", 0640);
  healed_to("acl: none, mode: \"0660\"", "", 0660);
  healed_to("acl: [ \"user:33:r\" ]", "user:33:r--,group::rw-", 0660);
}

TEST_F(LeastTouch, WhateverLiesWhereAFileBelongsGivesWayWhereThatIsDeclaredAndComesBackOnARollback) {
  bridge_.write("good", "x\n");
  const auto target = bridge_.path("app/a");
  const std::vector<std::pair<std::string, std::function<void()>>> kinds = {
      {"link", [&] { fs::create_symlink("elsewhere", target); }},
      {"fifo", [&] { ASSERT_EQ(::mkfifo(target.c_str(), 0640), 0); }},
      {"folder", [&] { fs::create_directory(target); }},
      {"full folder", [&] { bridge_.write("app/a/deep/theirs", "kept\n"); }},
  };
  for (const auto& [name, put] : kinds) {
    fs::remove_all(target);
    put();
    const std::string before = bridge_.picture();
    engine_with("files: [ { path: a, baseline: good } ]");
    EXPECT_EQ(heal().exit_code, 1) << name;
    EXPECT_THAT(shown(), HasSubstr("`replace: true`")) << name;
    engine_with("files: [ { path: a, baseline: good, replace: true } ]", "command: [\"false\"]");
    EXPECT_EQ(heal().exit_code, 1) << name;
    const auto kind = status("app/a").st_mode & S_IFMT;
    EXPECT_NE(kind, S_IFREG) << name << " is back";
    engine_with("files: [ { path: a, baseline: good, replace: true } ]");
    EXPECT_EQ(heal().exit_code, 0) << name << ": " << shown();
    EXPECT_EQ(bridge_.read("app/a"), "x\n") << name;
  }
  bool kept = false;
  for (const auto& entry : fs::recursive_directory_iterator(bridge_.path("app/.autoheal")))
    kept = kept || entry.path().filename() == "theirs";
  EXPECT_TRUE(kept) << "a folder with all that lies in it";
}

TEST_F(LeastTouch, ATargetOnAMountOfItsOwnIsToldBeforehandAndItsModeIsStillRepaired) {
  bridge_.write("good", "good\n");
  fs::create_directories(bridge_.path("app/etc"));
  const std::string place = bridge_.path("app/etc");
  if (::mount("none", place.c_str(), "tmpfs", 0, nullptr) != 0) GTEST_SKIP() << "no mounts here";
  bridge_.write("app/etc/a", "bad\n", 0666);
  engine_with("files: [ { path: etc/a, baseline: good } ]");
  is_foreseen("lies on a mount of its own below the root");
  engine_with("policy: [ { path: etc/a, max_mode: \"0640\" } ]");
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("app/etc/a"), 0640U);
  ASSERT_EQ(::mount("none", place.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  engine_with("policy: [ { path: etc/a, max_mode: \"0600\" } ]");
  is_foreseen("mounted read-only");
  ASSERT_EQ(::umount(place.c_str()), 0);
}

TEST_F(LeastTouch, AFileThatIsAMountIsNotReplaced) {
  bridge_.write("good", "good\n");
  bridge_.write("other", "bad\n", 0644);
  bridge_.write("app/a", "under it\n");
  const std::string place = bridge_.path("app/a");
  if (::mount(bridge_.path("other").c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "no mounts here";
  engine_with("files: [ { path: a, baseline: good } ]");
  is_foreseen("is a mount of its own");
  engine_with("policy: [ { path: a, max_mode: \"0600\" } ]");
  EXPECT_EQ(heal().exit_code, 0) << shown();
  EXPECT_EQ(mode("other"), 0600U);
  ASSERT_EQ(::umount(place.c_str()), 0);
}

TEST_F(LeastTouch, ImmutableAndAppendOnlyFilesAreToldBeforehand) {
  bridge_.write("app/a", "x\n", 0666);
  engine_with("policy: [ { path: a, max_mode: \"0640\" } ]");
  if (!set_flags("app/a", FS_IMMUTABLE_FL)) GTEST_SKIP() << "no flags here";
  is_foreseen("is immutable");
  ASSERT_TRUE(set_flags("app/a", FS_APPEND_FL));
  is_foreseen("can only be appended to");
  ASSERT_TRUE(set_flags("app/a", 0));
  bridge_.write("good", "good\n");
  engine_with("files: [ { path: a, baseline: good } ]");
  ASSERT_TRUE(set_flags("app", FS_IMMUTABLE_FL));
  const Ran dry = dry_run();
  ASSERT_TRUE(set_flags("app", 0));
  EXPECT_EQ(dry.exit_code, 1);
  EXPECT_THAT(dry.err, HasSubstr("lies in a folder that is immutable"));
}

TEST_F(LeastTouch, WhereAFileOrALinkStandsInTheWayItIsNamed) {
  bridge_.write("good", "x\n");
  engine_with("files: [ { path: etc/a, baseline: good } ]");
  bridge_.write("app/etc", "a file\n");
  EXPECT_EQ(dry_run().exit_code, 1);
  EXPECT_THAT(dry_run().err, HasSubstr("etc is no folder"));
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_THAT(shown(), HasSubstr("etc is no folder"));
  fs::remove(bridge_.path("app/etc"));
  fs::create_directory_symlink("..", bridge_.path("app/etc"));
  EXPECT_THAT(dry_run().err, HasSubstr("etc is a symlink"));
}

}  // namespace
}  // namespace autoheal::testing
