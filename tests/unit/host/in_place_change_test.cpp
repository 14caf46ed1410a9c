// Mode, owner and access list set on the inode itself: what is open, linked and written to stays, whatever cuts it
// short.
#include "tools/host/change/in_place_change.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <csignal>

#include "tests/unit/host/staging_fixture.hpp"
#include "tools/host/system/access_lists.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;  // NOLINT
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array all_steps = {"noted", "narrowed", "owned", "listed", "capable", "set", "synced"};

class InPlaceTest : public StagingTest {
 protected:
  Change policy(const std::string& path, FileMode mode) {
    Change change;
    change.kind = ChangeKind::policy;
    change.before = facts(path);
    change.after = as_after(change.before);
    change.after.mode = mode;
    return change;
  }
  // Everything that a change in place can set, at once.
  Change everything(const std::string& path) {
    write(path, "text", 06755);
    give_list(path, "user:33:r-x,group::r-x", 06755);
    give_capability(path);
    ::chmod((root_ / path).c_str(), 06755);
    Change change = policy(path, 02640);
    EXPECT_FALSE(change.before.capability.empty());
    change.after.uid = 12;
    change.after.gid = 34;
    change.after.acl = "user:44:r--,group::r--";
    return change;
  }
  void give_list(const std::string& path, const std::string& acl, FileMode mode) {
    const UniqueFd open(::open((root_ / path).c_str(), O_PATH | O_CLOEXEC));
    const auto set = set_access_list(open.get(), acl, mode);
    EXPECT_TRUE(set) << set.error().message;
  }
  void give_capability(const std::string& path) {
    vfs_cap_data capability{};
    capability.magic_etc = VFS_CAP_REVISION_2;
    capability.data[0].permitted = 1U << CAP_NET_BIND_SERVICE;
    ASSERT_EQ(::setxattr((root_ / path).c_str(), "security.capability", &capability, XATTR_CAPS_SZ_2, 0), 0);
  }
  FileMode mode_of(const std::string& path) const { return status(path).st_mode & 07777U; }
  // In a child that is killed there. False: the change has no such step.
  bool killed_at(const std::string& step,
                 const std::function<void(const std::function<void(std::string_view)>&)>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work([&](std::string_view at) {
        if (at == step) ::kill(::getpid(), SIGKILL);
      });
      ::_exit(0);
    }
    int ended = 0;
    EXPECT_EQ(::waitpid(child, &ended, 0), child);
    return WIFSIGNALED(ended);
  }
  // Nothing but root may do all of it, and not on every file system.
  bool can_do_everything() {
    if (::geteuid() != 0) return false;
    write("probe", "");
    const UniqueFd open(::open((root_ / "probe").c_str(), O_PATH | O_CLOEXEC));
    return set_access_list(open.get(), "user:33:r--,group::r--", 0644).has_value();
  }
};

TEST_F(InPlaceTest, ALogThatIsOpenAndGrowsKeepsItsInodeAndAllThatIsWritten) {
  write("app.log", "one\n", 0666);
  const Change change = policy("app.log", 0640);
  std::ofstream log(root_ / "app.log", std::ios::app);
  log << "two\n" << std::flush;
  const auto outcome = apply(change, [&](std::string_view step) { log << step << "\n" << std::flush; });
  ASSERT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  log << "three\n" << std::flush;
  EXPECT_EQ(status("app.log").st_ino, change.before.inode);
  EXPECT_EQ(mode_of("app.log"), 0640U);
  EXPECT_THAT(read("app.log"), HasSubstr("one\ntwo\n"));
  EXPECT_THAT(read("app.log"), HasSubstr("three\n"));
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(mode_of("app.log"), 0666U);
  EXPECT_THAT(read("app.log"), HasSubstr("three\n"));
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(InPlaceTest, KilledAfterEachCallItIsFinishedByTheNextRun) {
  if (!can_do_everything()) GTEST_SKIP() << "needs root and access lists";
  for (const std::string step : all_steps) {
    const Change change = everything("program");
    EXPECT_TRUE(killed_at(step, [&](const auto& hook) { (void)apply(change, hook); })) << step;
    const auto outcome = apply(change);
    ASSERT_EQ(outcome.status, ChangeStatus::done) << step << ": " << outcome.message;
    const TargetFacts now = facts("program");
    EXPECT_TRUE(is_as_after(now, change.after)) << step;
    EXPECT_EQ(now.capability, change.before.capability) << step << ": chown takes it away, it has to be given back";
    EXPECT_EQ(now.inode, change.before.inode);
    EXPECT_THAT(settle(), IsEmpty());
  }
}

TEST_F(InPlaceTest, KilledAfterEachCallItIsTakenBackByARollback) {
  if (!can_do_everything()) GTEST_SKIP() << "needs root and access lists";
  for (const std::string step : all_steps) {
    const Change change = everything("program");
    EXPECT_TRUE(killed_at(step, [&](const auto& hook) { (void)apply(change, hook); })) << step;
    const auto undone = restore(change, nullptr);
    EXPECT_EQ(undone.status, UndoStatus::restored) << step << ": " << undone.message;
    TargetFacts now = facts("program");
    now.ctime_ns = change.before.ctime_ns;
    EXPECT_EQ(now, change.before) << step;
    EXPECT_THAT(settle(), IsEmpty());
  }
}

TEST_F(InPlaceTest, ARollbackThatIsKilledAfterEachCallIsFinished) {
  if (!can_do_everything()) GTEST_SKIP() << "needs root and access lists";
  for (const std::string step : {"narrowed", "owned", "listed", "capable", "set", "synced"}) {
    const Change change = everything("program");
    const auto outcome = apply(change);
    ASSERT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
    EXPECT_TRUE(killed_at(step, [&](const auto& hook) { (void)restore(change, &outcome, hook); })) << step;
    EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored) << step;
    TargetFacts now = facts("program");
    now.ctime_ns = change.before.ctime_ns;
    EXPECT_EQ(now, change.before) << step;
    EXPECT_THAT(settle(), IsEmpty());
  }
}

TEST_F(InPlaceTest, AtNoMomentItGrantsMoreThanBeforeAndAfter) {
  if (!can_do_everything()) GTEST_SKIP() << "needs root and access lists";
  const Change change = everything("program");
  const auto outcome = apply(change, [&](std::string_view step) {
    if (step == "noted" || step == "set" || step == "synced") return;
    EXPECT_EQ(mode_of("program") & ~(change.before.mode & change.after.mode), 0U) << step;
  });
  EXPECT_EQ(outcome.status, ChangeStatus::done);
}

TEST_F(InPlaceTest, WorksOnWhatCannotBeOpened) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0666), 0);
  write("locked", "text", 0000);
  fs::create_directory(root_ / "folder");
  const UniqueFd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Short enough for the kernel, whatever the folder of the tests is.
  const UniqueFd here(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string short_path = "/proc/self/fd/" + std::to_string(here.get()) + "/socket";
  std::ranges::copy(short_path, address.sun_path);
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  std::vector<std::string> names = {"pipe", "locked", "folder", "socket"};
  if (::mknod((root_ / "device").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) names.emplace_back("device");
  for (const std::string& name : names) {
    const FileMode was = mode_of(name);
    const Change change = policy(name, 0600);
    const auto outcome = apply(change);
    EXPECT_EQ(outcome.status, ChangeStatus::done) << name << ": " << outcome.message;
    EXPECT_EQ(mode_of(name), 0600U) << name;
    EXPECT_EQ(status(name).st_ino, change.before.inode) << name;
    EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored) << name;
    EXPECT_EQ(mode_of(name), was) << name;
  }
}

TEST_F(InPlaceTest, OtherNamesOfTheFileStayItsNames) {
  write("a", "text", 0666);
  fs::create_hard_link(root_ / "a", root_ / "b");
  const auto outcome = apply(policy("a", 0600));
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_EQ(status("a").st_ino, status("b").st_ino);
  EXPECT_EQ(mode_of("b"), 0600U);
}

TEST_F(InPlaceTest, ASecondNameInAFolderOfOthersIsRefused) {
  write("theirs", "of another", 0600);
  fs::create_directory(root_ / "open");
  fs::create_hard_link(root_ / "theirs", root_ / "open" / "mine");
  Change change = policy("open/mine", 0666);
  ::chmod((root_ / "open").c_str(), 01777);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::refused);
  EXPECT_THAT(outcome.message, HasSubstr("others can write the folder open"));
  EXPECT_EQ(mode_of("theirs"), 0600U);
  ::chmod((root_ / "open").c_str(), 0755);
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
}

TEST_F(InPlaceTest, AnotherInodeOrAnotherModeIsSomebodysAndStays) {
  write("a", "text", 0666);
  const Change change = policy("a", 0640);
  write("b", "text", 0666);
  fs::rename(root_ / "b", root_ / "a");
  EXPECT_EQ(apply(change).status, ChangeStatus::target_changed);
  EXPECT_EQ(mode_of("a"), 0666U);
  const Change again = policy("a", 0640);
  ::chmod((root_ / "a").c_str(), 0604);
  EXPECT_EQ(apply(again).status, ChangeStatus::target_changed);
  EXPECT_EQ(mode_of("a"), 0604U);
}

TEST_F(InPlaceTest, WhatSomebodySetSinceIsForeignAndWhatWasNeverDoneIsNothing) {
  write("a", "text", 0666);
  const Change change = policy("a", 0640);
  ChangeOutcome never;
  never.status = ChangeStatus::target_changed;
  ::chmod((root_ / "a").c_str(), 0604);
  EXPECT_EQ(restore(change, &never).status, UndoStatus::restored);
  EXPECT_EQ(restore(change, nullptr).status, UndoStatus::restored);
  EXPECT_EQ(mode_of("a"), 0604U);
  ::chmod((root_ / "a").c_str(), 0666);
  const auto outcome = apply(change);
  ASSERT_EQ(outcome.status, ChangeStatus::done);
  ::chmod((root_ / "a").c_str(), 0604);
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::foreign);
  fs::remove(root_ / "a");
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::foreign);
}

TEST_F(InPlaceTest, SomebodyElsesRepairIsFoundAndNotTakenBack) {
  write("a", "text", 0666);
  const Change change = policy("a", 0640);
  ::chmod((root_ / "a").c_str(), 0640);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::found_done);
  (void)apply(rewriting("other", "x"));  // there is a staging folder, and it says nothing of this file
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(mode_of("a"), 0640U);
}

TEST_F(InPlaceTest, DeclaredContentThatChangedMeanwhileIsLeft) {
  write("a.conf", "declared", 0666);
  Change change = policy("a.conf", 0640);
  change.kind = ChangeKind::files;
  write("a.conf", "another!", 0666);
  EXPECT_EQ(apply(change).status, ChangeStatus::target_changed);
  EXPECT_EQ(mode_of("a.conf"), 0666U);
}

TEST_F(InPlaceTest, AMadeFolderIsTakenAwayOnlyWhileItIsEmptyAndOurs) {
  Change change;
  change.before = facts("etc");
  change.after = {TargetKind::folder, {}, 02750, ::geteuid(), ::getegid(), {}};
  for (const std::string step : {"part", "staged", "swapped"}) {
    EXPECT_THROW((void)apply(change, crash_at(step)), Crash) << step;
    EXPECT_EQ(apply(change).status, ChangeStatus::done) << step;
    EXPECT_EQ(mode_of("etc"), 02750U);
    EXPECT_EQ(restore(change, nullptr).status, UndoStatus::restored) << step;
    EXPECT_FALSE(fs::exists(root_ / "etc")) << step;
  }
  const auto outcome = apply(change);
  write("etc/theirs", "x");
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(read("etc/theirs"), "x");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(InPlaceTest, ChangesBelowAFolderThatIsNotThereHadNoEffect) {
  write("etc/a.conf", "old");
  const Change change = rewriting("etc/a.conf", "new");
  fs::remove_all(root_ / "etc");
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::failed);
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(restore(change, nullptr).status, UndoStatus::restored);
  for (const auto& put : std::vector<std::function<void()>>{
           [&] { fs::create_directory_symlink(base_, root_ / "etc"); },
           [&] { write("etc", "a file"); },
       }) {
    put();
    const auto refused = apply(change);
    EXPECT_NE(refused.status, ChangeStatus::done);
    EXPECT_EQ(restore(change, &refused).status, UndoStatus::restored) << "could not look is not could not undo";
    EXPECT_EQ(restore(change, nullptr).status, UndoStatus::restored);
    fs::remove(root_ / "etc");
  }
  write("etc/a.conf", "old");
  const Change made = rewriting("etc/a.conf", "new");
  const auto done = apply(made);
  ASSERT_EQ(done.status, ChangeStatus::done);
  fs::rename(root_ / "etc", base_ / "aside");
  EXPECT_EQ(restore(made, &done).status, UndoStatus::foreign);
  fs::create_directory_symlink(base_ / "aside", root_ / "etc");
  EXPECT_EQ(restore(made, &done).status, UndoStatus::failed);
}

TEST_F(InPlaceTest, NothingThatIsStagedInheritsAList) {
  const UniqueFd root(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!set_default_list(root.get(), "user::rwx,user:33:rwx,group::rwx,mask::rwx,other::r-x"))
    GTEST_SKIP() << "no access lists on this file system";
  write("a.conf", "old", 0640);
  const UniqueFd old(::open((root_ / "a.conf").c_str(), O_PATH | O_CLOEXEC));
  ASSERT_TRUE(set_access_list(old.get(), {}, 0640));
  ::chmod((root_ / "a.conf").c_str(), 0640);
  EXPECT_EQ(apply(rewriting("a.conf", "new")).status, ChangeStatus::done);
  EXPECT_EQ(facts("a.conf").acl, "");
  EXPECT_EQ(mode_of("a.conf"), 0640U);
  // And one that it has is kept, whatever the content.
  give_list("a.conf", "user:44:rw-,group::r--", 0660);
  Change change = rewriting("a.conf", "newer", 0660);
  change.after.acl = change.before.acl;
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
  EXPECT_EQ(facts("a.conf").acl, "user:44:rw-,group::r--");
}

TEST_F(InPlaceTest, ListsAreWrittenByNameAndReadById) {
  EXPECT_EQ(*resolved_list("u:root:r,group::rw,g:7:x"), "user:0:r--,group::rw-,group:7:--x");
  EXPECT_THAT(resolved_list("user:nobody-has-this-name:r").error().message, HasSubstr("not on this machine"));
  EXPECT_FALSE(resolved_list("user::rw"));
  EXPECT_FALSE(resolved_list("group::r"));
  EXPECT_FALSE(resolved_list("nonsense"));
}

TEST_F(InPlaceTest, WhatStandsInTheWayIsSeenBeforehand) {
  write("etc/a", "text", 0644);
  ObserveRequest request;
  request.targets = {{"etc/a"}, {"missing/deep/b"}};
  const auto seen = host().observe(spec_, request);
  ASSERT_TRUE(seen);
  for (const TargetFacts& target : seen->targets)
    EXPECT_EQ(target.cannot_change + target.cannot_replace, "") << target.path;
  fs::create_hard_link(root_ / "etc" / "a", root_ / "etc" / "again");
  ::chmod((root_ / "etc").c_str(), 0777);
  request.targets = {{"etc/a"}};
  EXPECT_THAT(host().observe(spec_, request)->targets.front().cannot_change, HasSubstr("hard links"));
}

}  // namespace
}  // namespace autoheal::host
