// Hostile cases 59 to 73 (tests/README.md): writing files where links, mounts, full disks and power cuts are against
// it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <utime.h>

#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "tests/support/faults/disk_calls.hpp"
#include "tests/support/faults/failing_disk.hpp"
#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/host/staging_fixture.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/facts/staged_content.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using autoheal::testing::before_call;
using autoheal::testing::CallToDisk;
using autoheal::testing::DiskFault;
using autoheal::testing::FailingDisk;
using autoheal::testing::in_a_child;
using autoheal::testing::Instead;
using autoheal::testing::long_runs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostileFiles : public StagingTest {
 protected:
  void TearDown() override {
    before_call = nullptr;
    StagingTest::TearDown();
  }
  void fresh_root() {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  // Everything below the root but .autoheal: kind, mode, owner, content or link.
  std::string picture() const {
    std::map<std::string, std::string> lines;
    for (auto entry = fs::recursive_directory_iterator(root_); entry != fs::recursive_directory_iterator(); ++entry) {
      const fs::path name = entry->path().lexically_relative(root_);
      if (name == ".autoheal") {
        entry.disable_recursion_pending();
        continue;
      }
      const struct stat facts = status(name);
      std::string what = S_ISREG(facts.st_mode) ? read(name) : "";
      if (S_ISLNK(facts.st_mode)) what = fs::read_symlink(entry->path());
      lines[name] = std::to_string(facts.st_mode) + " " + std::to_string(facts.st_uid) + " " + what;
    }
    std::string text;
    for (const auto& [name, line] : lines) text += name + " " + line + "\n";
    return text;
  }
  Result<TargetFacts> look_at_tree(const std::string& path) {
    Look look;
    look.tree = true;
    auto seen = inspect(*RootFolder::open(spec_.root), path, look, blobs_, own_);
    EXPECT_TRUE(seen);
    return seen->facts;
  }
  // Does `work` in a process that dies right before its call number `call`; false: it made fewer calls.
  bool cut_off(int call, const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      before_call = [left = call](const CallToDisk&) mutable {
        if (--left == 0) ::kill(::getpid(), SIGKILL);
        return Instead::nothing;
      };
      work();
      ::_exit(0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }
  Change fresh_change() {
    fresh_root();
    write("a.conf", "old");
    return rewriting("a.conf", "new");
  }
  void expect_put_back(const Change& change, const ChangeOutcome& outcome) {
    const auto undone = restore(change, &outcome);
    EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
    EXPECT_EQ(read("a.conf"), "old");
  }
  void expect_whole_after_every_cut(const std::function<Change()>& make);
  void expect_refused(const Change& change, const std::string& reason);
};

TEST_F(HostileFiles, Case59_LinksSwappedInBeforeAnyCallNeverLeadOutside) {
  fs::create_directory(base_ / "outside");
  write(base_ / "outside" / "a.conf", "outside");
  const auto folder_for_link = [&] {
    fs::rename(root_ / "real", root_ / "aside");
    fs::create_directory_symlink(base_ / "outside", root_ / "real");
  };
  const auto file_for_link = [&] {
    fs::remove(root_ / "real" / "a.conf");
    fs::create_symlink(base_ / "outside" / "a.conf", root_ / "real" / "a.conf");
  };
  for (const std::function<void()>& swap : {std::function<void()>(folder_for_link), {file_for_link}}) {
    bool swapped = true;
    for (int moment = 1; swapped; ++moment) {
      SCOPED_TRACE(moment);
      fresh_root();
      fs::create_directory(root_ / "real");
      write("real/a.conf", "old");
      const Change change = rewriting("real/a.conf", "new");
      swapped = false;
      before_call = [&, left = moment](const CallToDisk&) mutable {
        if (--left == 0) {
          swap();
          swapped = true;
        }
        return Instead::nothing;
      };
      const auto outcome = apply(change);
      const auto undone = restore(change, &outcome);
      (void)settle();
      before_call = nullptr;
      if (!swapped) {
        EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
        EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
        EXPECT_GT(moment, 5);
      }
      EXPECT_EQ(read(base_ / "outside" / "a.conf"), "outside");
      EXPECT_EQ(std::distance(fs::directory_iterator(base_ / "outside"), fs::directory_iterator()), 1);
    }
  }
}

// The same as a race, which also hits between the calls that only read; how often it does is the scheduler's choice.
TEST_F(HostileFiles, Case59_LinksSwappedInByAnotherThreadNeverLeadOutside) {
  fs::create_directory(base_ / "outside");
  write(base_ / "outside" / "a.conf", "outside");
  fs::create_directory(root_ / "real");
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(long_runs() ? 60'000 : 1000);
  std::jthread swapper([&](const std::stop_token& stop) {
    std::error_code ignored;
    while (!stop.stop_requested()) {
      fs::rename(root_ / "real", root_ / "aside", ignored);
      fs::create_directory_symlink(base_ / "outside", root_ / "real", ignored);
      fs::remove(root_ / "real", ignored);
      fs::rename(root_ / "aside", root_ / "real", ignored);
      std::this_thread::yield();
      fs::create_symlink(base_ / "outside" / "a.conf", root_ / "link", ignored);
      fs::rename(root_ / "link", root_ / "real" / "a.conf", ignored);
      fs::remove(root_ / "real" / "a.conf", ignored);
    }
  });
  for (unsigned round = 0; std::chrono::steady_clock::now() < until; ++round) {
    const auto seen = host().look(spec_, {"real/a.conf"});
    if (!seen || (seen->front().kind != TargetKind::file && seen->front().kind != TargetKind::absent)) continue;
    EXPECT_NE(seen->front().digest, sha256_name("outside"));
    Change change;
    change.before = seen->front();
    change.after = {
        TargetKind::file, *blobs_.put("mine", engine::BlobNaming::plain), 0640, ::geteuid(), ::getegid(), {}};
    const auto outcome = apply(change);
    if (round % 2 == 0) (void)restore(change, &outcome);
    (void)settle();
  }
  swapper.request_stop();
  swapper.join();
  EXPECT_EQ(read(base_ / "outside" / "a.conf"), "outside");
  EXPECT_EQ(std::distance(fs::directory_iterator(base_ / "outside"), fs::directory_iterator()), 1);
}

std::string tree_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = "[";
  for (const auto& [path, what] : entries) {
    text += (text.size() > 1 ? "," : "") + std::string(R"({"path":")") + path + R"(","mode":420,"uid":)" +
            std::to_string(::geteuid()) + R"(,"gid":)" + std::to_string(::getegid()) + "," + what + "}";
  }
  return text + "]";
}

TEST_F(HostileFiles, Case62_NamesThatLeadElsewhereAreRefusedInPlansAndTrees) {
  const std::string file = R"("kind":"file","digest":")" + *blobs_.put("x", engine::BlobNaming::plain) + "\"";
  const std::string long_name(300, 'n');
  fs::create_directory(root_ / "in");
  const UniqueFd folder(::open((root_ / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const std::string& name : std::vector<std::string>{"../x", "../../x", "/x", "a/../../x", "a/", "", ".", "..",
                                                          "a//x", long_name, "a/./x"}) {
    EXPECT_FALSE(write_tree(folder.get(), tree_of({{name, file}}), blobs_)) << name;
    Change change;
    change.before.path = name;
    change.after = {TargetKind::file, *blobs_.put("x", engine::BlobNaming::plain), 0644, ::geteuid(), ::getegid(), {}};
    EXPECT_NE(apply(change).status, ChangeStatus::done) << name;
  }
  EXPECT_EQ(picture(), "in " + std::to_string(S_IFDIR | 0755) + " " + std::to_string(::geteuid()) + " \n");
  EXPECT_FALSE(fs::exists(base_ / "x"));
}

TEST_F(HostileFiles, Case63_AFileBelowALinkOfTheSameTreeIsRefused) {
  const std::string file = R"("kind":"file","digest":")" + *blobs_.put("x", engine::BlobNaming::plain) + "\"";
  fs::create_directory(base_ / "outside");
  fs::create_directory(root_ / "in");
  const UniqueFd folder(::open((root_ / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string link = R"("kind":"link","target":")" + (base_ / "outside").string() + "\"";
  EXPECT_FALSE(write_tree(folder.get(), tree_of({{"a", link}, {"a/x", file}}), blobs_));
  EXPECT_FALSE(write_tree(folder.get(), tree_of({{"b", link}, {"b/c", R"("kind":"folder")"}}), blobs_));
  EXPECT_TRUE(fs::is_empty(base_ / "outside"));
}

TEST_F(HostileFiles, Case69_AFullDiskLeavesTheOldFileAndNothingElse) {
  if (!autoheal::testing::can_mount()) GTEST_SKIP() << "mounts of a test's own are not allowed here";
  in_a_child([&] {
    ASSERT_TRUE(autoheal::testing::unshare_mounts());
    autoheal::testing::mount_memory(root_, "64k");
    write("a.conf", "old");
    const Change change = rewriting("a.conf", std::string(100'000, 'n'));
    const auto outcome = apply(change);
    EXPECT_EQ(outcome.status, ChangeStatus::failed);
    EXPECT_THAT(outcome.message, AllOf(HasSubstr("a.conf"), HasSubstr("no space is left")));
    EXPECT_EQ(read("a.conf"), "old");
    EXPECT_THAT(staged(), IsEmpty());
    // Changes from before the disk was full are put back without any room.
    write("b.conf", "old");
    const Change small = rewriting("b.conf", "new");
    const auto changed = apply(small);
    ASSERT_EQ(changed.status, ChangeStatus::done) << changed.message;
    std::ofstream(root_ / "filler", std::ios::binary) << std::string(100'000, 'f');
    EXPECT_EQ(restore(small, &changed).status, UndoStatus::restored);
    EXPECT_EQ(read("b.conf"), "old");
  });
}

// Every call that changes the disk, in both directions; whatever it was cut at, the repair can be made again and taken
// back.
void HostileFiles::expect_whole_after_every_cut(const std::function<Change()>& make) {
  bool cut_applying = true;
  bool cut_restoring = true;
  for (int call = 1; cut_applying || cut_restoring; ++call) {
    for (const bool again : {true, false}) {
      SCOPED_TRACE((again ? "made again, call " : "taken back, call ") + std::to_string(call));
      fresh_root();
      const Change change = make();
      const std::string before = picture();
      cut_applying = cut_off(call, [&] { (void)apply(change); });
      const std::string left = picture();
      if (again) {
        const auto outcome = apply(change);
        ASSERT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
        const std::string after = picture();
        EXPECT_TRUE(left == before || left == after) << left;
        cut_restoring = cut_off(call, [&] { (void)restore(change, &outcome); });
        const std::string taken = picture();
        EXPECT_TRUE(taken == before || taken == after) << taken;
      }
      const auto undone = restore(change, nullptr);
      EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
      EXPECT_EQ(picture(), before);
      EXPECT_THAT(settle(), IsEmpty());
      EXPECT_THAT(staged(), IsEmpty());
    }
    ASSERT_LT(call, 100);
  }
}

TEST_F(HostileFiles, Case70_AFileIsWhollyOldOrNewWhereverThePowerFails) {
  for (const bool exchange : {true, false}) {
    exchange_ = exchange;
    expect_whole_after_every_cut([&] {
      write("a.conf", "old", 0604);
      return rewriting("a.conf", "new", 0640);
    });
  }
}

TEST_F(HostileFiles, Case70_ANewAndARemovedFileAreThereOrNotWhereverThePowerFails) {
  expect_whole_after_every_cut([&] {
    write("other", "x");
    return rewriting("a.conf", "new");
  });
  expect_whole_after_every_cut([&] {
    write("a.conf", "old");
    return removing("a.conf");
  });
}

TEST_F(HostileFiles, Case70_ALinkLeadsToTheOneOrTheOtherWhereverThePowerFails) {
  expect_whole_after_every_cut([&] {
    fs::create_symlink("releases/2", root_ / "current");
    Change change;
    change.kind = ChangeKind::links;
    change.before = facts("current");
    change.after = as_after(change.before);
    change.after.link_target = "releases/1";
    return change;
  });
}

TEST_F(HostileFiles, Case70_AFolderIsSwappedAsAWholeWhereverThePowerFails) {
  expect_whole_after_every_cut([&] {
    std::error_code none;
    write("queue/old", "old");
    write(base_ / "snapshot" / "deep" / "new", "new");
    fs::create_directory_symlink("deep", base_ / "snapshot" / "link", none);
    const UniqueFd snapshot(::open((base_ / "snapshot").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Change change;
    change.kind = ChangeKind::state;
    change.before = *look_at_tree("queue");
    change.after = as_after(change.before);
    change.after.content =
        *blobs_.put(*read_tree(snapshot.get(), "snapshot", &blobs_, own_), engine::BlobNaming::plain);
    return change;
  });
}

void on_each_failing_call(const std::function<bool(const DiskFault& fault)>& story) {
  autoheal::testing::where_each_call_fails(story, {.looks_too = false});
}

TEST_F(HostileFiles, Case87_AnyCallOfARepairThatFailsLeavesTheOldFileOrTheNewOneAndBothCanBePutBack) {
  on_each_failing_call([&](const DiskFault& fault) {
    const Change change = fresh_change();
    ChangeOutcome outcome;
    bool reached = false;
    {
      const FailingDisk disk(fault);
      outcome = apply(change);
      reached = disk.reached();
    }
    EXPECT_THAT(read("a.conf"), ::testing::AnyOf("old", "new"));
    EXPECT_TRUE(outcome.status != ChangeStatus::done || read("a.conf") == "new");
    EXPECT_TRUE(reached || outcome.status == ChangeStatus::done) << outcome.message;
    expect_put_back(change, outcome);
    EXPECT_THAT(settle(), IsEmpty());
    EXPECT_THAT(staged(), IsEmpty());
    return reached;
  });
}

TEST_F(HostileFiles, Case87_AnyCallOfARollbackThatFailsIsToldAndTheNextOneEndsIt) {
  on_each_failing_call([&](const DiskFault& fault) {
    const Change change = fresh_change();
    const auto outcome = apply(change);
    EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
    UndoOutcome undone;
    bool reached = false;
    {
      const FailingDisk disk(fault);
      undone = restore(change, &outcome);
      reached = disk.reached();
    }
    EXPECT_THAT(read("a.conf"), ::testing::AnyOf("old", "new"));
    if (undone.status == UndoStatus::restored) {
      EXPECT_EQ(read("a.conf"), "old");
    } else {
      EXPECT_EQ(undone.status, UndoStatus::failed);
      EXPECT_FALSE(undone.message.empty());
    }
    expect_put_back(change, outcome);
    return reached;
  });
}

TEST_F(HostileFiles, Case70_ContentIsSyncedBeforeItIsSwappedInAndTheFolderAfter) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  std::vector<std::string> calls;
  before_call = [&](const CallToDisk& call) {
    struct stat facts{};
    const bool folder = call.entry == nullptr && ::fstat(call.descriptor, &facts) == 0 && S_ISDIR(facts.st_mode);
    calls.emplace_back(std::string(call.name) + (folder ? " folder" : ""));
    return Instead::nothing;
  };
  const auto outcome = apply(change);
  before_call = nullptr;
  ASSERT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  const auto place = [&](const std::string& call) { return std::ranges::find(calls, call) - calls.begin(); };
  EXPECT_LT(place("write"), place("fsync"));
  EXPECT_LT(place("fchmod"), place("fsync"));
  EXPECT_LT(place("fsync"), place("exchange"));
  EXPECT_LT(place("exchange"), place("fsync folder"));
  EXPECT_EQ(calls.back(), "fsync folder");
}

TEST_F(HostileFiles, Case71_ASecretIsNeverReadableByOthersWhileItIsWritten) {
  write("secret", "old", 0600);
  Change change = rewriting("secret", "the secret itself", 0600);
  if (::geteuid() == 0) change.after.uid = change.after.gid = 65534;
  const mode_t mask = ::umask(0);
  unsigned looks = 0;
  before_call = [&](const CallToDisk&) {
    for (const char* folder : {".", ".autoheal"}) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(root_ / folder, none)) {
        struct stat facts{};
        if (::lstat(entry.path().c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
          EXPECT_EQ(facts.st_mode & 077U, 0U);
          ++looks;
        }
      }
    }
    return Instead::nothing;
  };
  const auto outcome = apply(change);
  const auto undone = restore(change, &outcome);
  before_call = nullptr;
  ::umask(mask);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
  EXPECT_GT(looks, 5U);
}

TEST_F(HostileFiles, Case71_OwnerModeAndTimesComeBackAlsoFromTheVault) {
  for (const bool settled : {false, true}) {
    const auto file = write("a.conf", "old", 0604);
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    }
    const utimbuf long_ago{1'000'000'000, 1'000'000'000};
    ASSERT_EQ(::utime(file.c_str(), &long_ago), 0);
    const struct stat before = status("a.conf");
    const Change change = rewriting("a.conf", "new");
    const auto outcome = apply(change);
    if (settled) {
      EXPECT_THAT(settle(), IsEmpty());
    }
    EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
    const struct stat after = status("a.conf");
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_uid, before.st_uid);
    EXPECT_EQ(after.st_gid, before.st_gid);
    EXPECT_EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec) << (settled ? "from the vault" : "by exchange");
    EXPECT_THAT(settle(), IsEmpty());
  }
}

void HostileFiles::expect_refused(const Change& change, const std::string& reason) {
  const std::string before = picture();
  const auto outcome = apply(change);
  EXPECT_NE(outcome.status, ChangeStatus::done);
  EXPECT_THAT(outcome.message, HasSubstr(reason));
  EXPECT_EQ(picture(), before);
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(HostileFiles, Case72_ReadOnlyAndOtherFileSystemsAreNamed) {
  if (!autoheal::testing::can_mount()) GTEST_SKIP() << "mounts of a test's own are not allowed here";
  in_a_child([&] {
    ASSERT_TRUE(autoheal::testing::unshare_mounts());
    fs::create_directory(root_ / "etc");
    autoheal::testing::mount_memory(root_ / "etc", "64k");
    write("etc/a.conf", "old");
    const Change change = rewriting("etc/a.conf", "new");
    expect_refused(change, "another file system");
    // A single file can be a mount as well.
    write("b.conf", "old");
    write(base_ / "theirs", "theirs");
    ASSERT_EQ(::mount((base_ / "theirs").c_str(), (root_ / "b.conf").c_str(), nullptr, MS_BIND, nullptr), 0);
    expect_refused(rewriting("b.conf", "new"), "b.conf");
    EXPECT_EQ(read(base_ / "theirs"), "theirs");
    ASSERT_EQ(::umount(root_.string().append("/b.conf").c_str()), 0);
    const Change later = rewriting("b.conf", "new");
    ASSERT_EQ(::mount(root_.c_str(), root_.c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::mount(nullptr, root_.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
    spec_.root = root_.string();
    expect_refused(later, "read-only");
  });
}

TEST_F(HostileFiles, Case72_AnImmutableFileIsRefusedAndNamed) {
  const auto file = write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  int flags = 0;
  const bool known = ::ioctl(opened.get(), FS_IOC_GETFLAGS, &flags) == 0;
  int immutable = flags | FS_IMMUTABLE_FL;
  if (!known || ::ioctl(opened.get(), FS_IOC_SETFLAGS, &immutable) != 0)
    GTEST_SKIP() << "this user or file system has no immutable files";
  expect_refused(change, "a.conf: swapping: Operation not permitted");
  ASSERT_EQ(::ioctl(opened.get(), FS_IOC_SETFLAGS, &flags), 0);
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
}

TEST_F(HostileFiles, Case73_TwoHealersOfOneFileTakeTurnsAndNeverWaitForEachOther) {
  const int rounds = long_runs() ? 10'000 : 20;
  for (int round = 0; round < rounds; ++round) {
    write("a.conf", "old");
    const std::vector<Change> one = {rewriting("a.conf", "one")};
    const std::vector<Change> two = {rewriting("a.conf", "two")};
    ChangeStatus first{}, second{};
    {
      std::jthread other([&] {
        RealHost host({blobs_, {}, 1, {}, {}});
        second = host.apply(spec_, two, 1, "ledger/0190-other/1/0").front().status;
      });
      RealHost host({blobs_, {}, 1, {}, {}});
      first = host.apply(spec_, one, 1, mark_).front().status;
    }
    EXPECT_EQ((first == ChangeStatus::done) + (second == ChangeStatus::done), 1);
    EXPECT_EQ(read("a.conf"), first == ChangeStatus::done ? "one" : "two");
    (void)settle();
    fs::remove_all(root_ / ".autoheal");
  }
}

TEST_F(HostileFiles, Case74_AnEditBetweenPlanAndSwapIsKept) {
  for (const std::string moment : {"part", "staged", "swapped"}) {
    fresh_root();
    write("a.conf", "old");
    const Change change = rewriting("a.conf", "new");
    const auto outcome = apply(change, [&](std::string_view at) {
      if (at == moment) write("a.conf", "mine");
    });
    EXPECT_EQ(outcome.status, ChangeStatus::target_changed) << moment;
    EXPECT_THAT(outcome.message, HasSubstr("a.conf"));
    EXPECT_EQ(read("a.conf"), "mine");
    // Once it was in place, there is something that could not be taken back.
    EXPECT_EQ(restore(change, &outcome).status, moment == "swapped" ? UndoStatus::foreign : UndoStatus::restored);
    EXPECT_EQ(read("a.conf"), "mine");
  }
}

}  // namespace
}  // namespace autoheal::host
