#include "tools/host/watch/file_watch.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <sys/mount.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "tests/unit/host/watch_fixture.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// With a kernel that can be told to refuse, and events that it never had.
class WatchOfFiles final : public FileWatch {
 public:
  WatchOfFiles(boost::asio::io_context& context, OwnChanges& own, std::vector<fs::path> own_files)
      : FileWatch(context.get_executor(), UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), own,
                  std::move(own_files)) {
    wait();
  }
  using FileWatch::take;
  int refuse_with = 0;

 private:
  int add_watch(int descriptor, std::uint32_t mask) override {
    return refuse_with != 0 ? -refuse_with : FileWatch::add_watch(descriptor, mask);
  }
};

class FileWatchTest : public WatchTest {
 protected:
  // Engine "Other" watches a file of its own, by which a test sees that all events before were taken.
  void watch(std::vector<std::string> paths, std::vector<std::string> presence = {},
             std::vector<std::string> patterns = {}) {
    engines_ = {{"Demo", root_.string(), std::move(paths), std::move(presence), std::move(patterns)}, other()};
    start();
  }
  WatchedEngine other() {
    write(base_ / "other/marker", "0");
    return {"Other", (base_ / "other").string(), {"marker"}};
  }
  void start() {
    if (!watch_) watch_ = std::make_unique<WatchOfFiles>(context_, own_, own_files_);
    watch_->changed = [this](const std::string& engine) { ++told_[engine]; };
    watch_->sweep = [this](const std::string&) { ++sweeps_; };
    watch_->warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    watch_->watch(engines_);
  }
  bool told(const std::string& engine = "Demo") {
    const bool came = until([&] { return told_[engine] > 0; });
    told_.clear();
    return came;
  }
  bool silent(const std::string& engine = "Demo") {
    std::ofstream(base_ / "other/marker") << "1";
    EXPECT_TRUE(until([&] { return told_["Other"] > 0; }));
    const bool none = told_[engine] == 0;
    told_.clear();
    return none;
  }
  void note(const std::string& path) {
    const struct stat now = status(path);
    own_.note((root_ / path).string(), now.st_dev, now.st_ino,
              now.st_ctim.tv_sec * 1'000'000'000LL + now.st_ctim.tv_nsec);
  }

  OwnChanges own_;
  std::vector<fs::path> own_files_;
  std::vector<WatchedEngine> engines_;
  std::unique_ptr<WatchOfFiles> watch_;
  int sweeps_ = 0;
};

TEST_F(FileWatchTest, TellsOfAnEditAReplacementARemovalAndAModeButNotOfANeighbour) {
  write("etc/app.conf", "a");
  write("etc/app.log", "");
  watch({"etc/app.conf"});
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/app.conf") << "b";
  EXPECT_TRUE(told());
  write("etc/app.conf.new", "c");
  EXPECT_TRUE(silent());
  fs::rename(root_ / "etc/app.conf.new", root_ / "etc/app.conf");
  EXPECT_TRUE(told());
  ::chmod((root_ / "etc/app.conf").c_str(), 0600);
  EXPECT_TRUE(told());
  fs::remove(root_ / "etc/app.conf");
  EXPECT_TRUE(told());
  write("etc/app.conf", "d");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/app.log") << "line";
  EXPECT_TRUE(silent());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(FileWatchTest, TellsOfAFileThatIsKeptOpenAndWritten) {
  write("app.conf", "a");
  watch({"app.conf"});
  const UniqueFd open(::open((root_ / "app.conf").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::write(open.get(), "b", 1), 1);
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, TellsOnceOfAHundredEdits) {
  write("app.conf", "0");
  watch({"app.conf"});
  for (int edit = 0; edit < 100; ++edit) std::ofstream(root_ / "app.conf") << edit;
  ASSERT_TRUE(until([&] { return told_["Demo"] > 0; }));
  EXPECT_EQ(told_["Demo"], 1);
  EXPECT_TRUE(until([&] { return context_.poll() == 0; }));
  EXPECT_EQ(told_["Demo"], 1);
}

TEST_F(FileWatchTest, MovesDownAsMissingFoldersAppear) {
  watch({"etc/deep/app.conf"});
  EXPECT_EQ(watch_->folders_watched(), 2U);
  fs::create_directories(root_ / "etc");
  EXPECT_TRUE(told());
  fs::create_directories(root_ / "etc/deep");
  EXPECT_TRUE(told());
  EXPECT_EQ(watch_->folders_watched(), 4U);
  EXPECT_TRUE(silent());
  write("etc/deep/app.conf", "a");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  write("etc/deep/other.conf", "a");
  EXPECT_TRUE(silent());
}

TEST_F(FileWatchTest, FollowsFoldersThatAreMovedRemovedAndMadeAnew) {
  write("etc/deep/app.conf", "a");
  write("etc2/deep/app.conf", "b");
  watch({"etc/deep/app.conf"});
  fs::rename(root_ / "etc", root_ / "etc1");
  EXPECT_TRUE(told());
  EXPECT_EQ(watch_->folders_watched(), 2U);
  std::ofstream(root_ / "etc1/deep/app.conf") << "not any more";
  EXPECT_TRUE(silent());
  fs::rename(root_ / "etc2", root_ / "etc");
  EXPECT_TRUE(told());
  std::ofstream(root_ / "etc/deep/app.conf") << "c";
  EXPECT_TRUE(told());
  fs::remove_all(root_ / "etc");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  write("etc/deep/app.conf", "d");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/deep/app.conf") << "e";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, FollowsItsRootAway) {
  write("app.conf", "a");
  watch({"app.conf"});
  fs::rename(root_, base_ / "elsewhere");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  fs::create_directories(root_ / "unrelated");
  EXPECT_TRUE(told());
  write("app.conf", "b");
  EXPECT_TRUE(told());
  fs::remove_all(root_);
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, WaitsForARootThatIsNotThereYet) {
  fs::remove_all(root_);
  spec_.root = (base_ / "not/yet/there").string();
  engines_ = {{"Demo", spec_.root, {"app.conf"}}, other()};
  start();
  EXPECT_TRUE(silent());
  fs::create_directories(base_ / "not");
  EXPECT_TRUE(silent());
  fs::create_directories(base_ / "not/yet/there");
  EXPECT_TRUE(until([&] { return watch_->folders_watched() == 2; }));
  told_.clear();
  std::ofstream(base_ / "not/yet/there/app.conf") << "a";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, FollowsALinkOnTheWayThatIsSwitched) {
  for (const std::string place : {"root", "above"}) {
    SCOPED_TRACE(place);
    const fs::path here = base_ / place;
    fs::create_directories(here);
    write(here / "r1/app/app.conf", "1");
    write(here / "r2/app/app.conf", "2");
    fs::create_directory_symlink("r1", here / "current");
    fs::create_directory_symlink(here / "current/app", here / "link");
    watch_.reset();
    engines_ = {{"Demo", (here / (place == "root" ? "current/app" : "link")).string(), {"app.conf"}}, other()};
    start();
    fs::create_directory_symlink("r2", here / "next");
    fs::rename(here / "next", here / "current");
    EXPECT_TRUE(told());
    EXPECT_TRUE(silent());
    std::ofstream(here / "r2/app/app.conf") << "bad";
    EXPECT_TRUE(told());
    std::ofstream(here / "r1/app/app.conf") << "of no more account";
    EXPECT_TRUE(silent());
  }
}

TEST_F(FileWatchTest, FollowsALinkThatLeadsNowhereYet) {
  fs::create_directory_symlink(base_ / "later", base_ / "link");
  engines_ = {{"Demo", (base_ / "link").string(), {"app.conf"}}, other()};
  start();
  EXPECT_TRUE(silent());
  fs::create_directories(base_ / "later");
  EXPECT_TRUE(told());
  write(base_ / "later/app.conf", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, FollowsAFolderAboveTheRootThatIsReplaced) {
  write(base_ / "srv/app/etc/app.conf", "a");
  write(base_ / "next/app/etc/app.conf", "b");
  engines_ = {{"Demo", (base_ / "srv/app").string(), {"etc/app.conf"}}, other()};
  start();
  fs::rename(base_ / "srv", base_ / "old");
  EXPECT_TRUE(told());
  fs::rename(base_ / "next", base_ / "srv");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  std::ofstream(base_ / "srv/app/etc/app.conf") << "c";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, ALinkThatCannotBeWatchedIsNamed) {
  write(base_ / "r1/app.conf", "a");
  fs::create_directory_symlink("r1", base_ / "current");
  engines_ = {{"Demo", (base_ / "current").string(), {"app.conf"}}};
  watch_ = std::make_unique<WatchOfFiles>(context_, own_, own_files_);
  watch_->refuse_with = ENOSPC;
  start();
  EXPECT_TRUE(warned_of("the link current on the way"));
}

class MountedOver : public FileWatchTest {
 protected:
  void SetUp() override {
    FileWatchTest::SetUp();
    write("etc/app.conf", "a");
    write(base_ / "other_etc/app.conf", "b");
  }
  void TearDown() override {
    for (const auto& place : mounted_) ::umount2(place.c_str(), MNT_DETACH);
    FileWatchTest::TearDown();
  }
  bool mounts(const fs::path& what, const fs::path& place) {
    if (::mount(what.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
    mounted_.push_back(place);
    return true;
  }
  void watch_with_mounts(const fs::path& root) {
    auto created = FileWatch::create(context_.get_executor(), own_, own_files_);
    ASSERT_TRUE(created);
    real_ = std::move(*created);
    real_->changed = [this](const std::string& engine) { ++told_[engine]; };
    real_->warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    real_->watch({{"Demo", root.string(), {"etc/app.conf"}}});
  }
  bool is_told() {
    const bool came = until([&] { return told_["Demo"] > 0; });
    told_.clear();
    return came;
  }
  std::unique_ptr<FileWatch> real_;
  std::vector<fs::path> mounted_;
};

TEST_F(MountedOver, AFolderBelowTheRootIsFollowedThereAndBack) {
  watch_with_mounts(root_);
  if (!mounts(base_ / "other_etc", root_ / "etc")) GTEST_SKIP() << "nothing can be mounted here";
  EXPECT_TRUE(is_told());
  std::ofstream(root_ / "etc/app.conf") << "bad";
  EXPECT_TRUE(is_told());
  ASSERT_EQ(::umount2((root_ / "etc").c_str(), 0), 0);
  EXPECT_TRUE(is_told());
  std::ofstream(root_ / "etc/app.conf") << "bad";
  EXPECT_TRUE(is_told());
}

TEST_F(MountedOver, TheRootItselfIsFollowed) {
  write(base_ / "other/etc/app.conf", "c");
  watch_with_mounts(root_);
  if (!mounts(base_ / "other", root_)) GTEST_SKIP() << "nothing can be mounted here";
  EXPECT_TRUE(is_told());
  std::ofstream(root_ / "etc/app.conf") << "bad";
  EXPECT_TRUE(is_told());
}

TEST_F(MountedOver, AFileIsNamed) {
  watch_with_mounts(root_);
  if (!mounts(base_ / "other_etc/app.conf", root_ / "etc/app.conf")) GTEST_SKIP() << "nothing can be mounted here";
  EXPECT_TRUE(until([&] { return warned_of("is a mount of a file"); }));
}

TEST(MountTable, SaysWhereSomethingWasMounted) {
  const auto before = mounts_in("22 1 0:5 / / rw - ext4 /dev/vda rw\n23 22 0:6 / /srv/a\\040b rw - tmpfs t rw\n");
  EXPECT_EQ(before.size(), 2U);
  EXPECT_TRUE(before.contains({"23", "/srv/a b"}));
  const auto after = mounts_in("22 1 0:5 / / rw - ext4 /dev/vda rw\n24 22 0:6 / /srv/a\\040b rw - tmpfs t rw");
  EXPECT_THAT(places_that_differ(before, after), ElementsAre("/srv/a b"));
  EXPECT_THAT(places_that_differ(before, before), IsEmpty());
  EXPECT_TRUE(concerns("/srv", "/srv/app"));
  EXPECT_TRUE(concerns("/srv/app/etc", "/srv/app"));
  EXPECT_TRUE(concerns("/", "/srv/app"));
  EXPECT_FALSE(concerns("/srv/ap", "/srv/app"));
  EXPECT_FALSE(concerns("/srv/app2", "/srv/app"));
}

TEST_F(FileWatchTest, TellsWritingFromClosing) {
  const auto file = write("app.conf", "a");
  std::vector<FileEvent> events;
  watch({"app.conf"});
  watch_->file_event = [&](const std::string& engine, const std::string& path, FileEvent event) {
    ++told_[engine];
    if (path == "app.conf") events.push_back(event);
  };
  std::ofstream writer(file);
  writer << "half" << std::flush;
  EXPECT_TRUE(until([&] { return !events.empty() && events.back() == FileEvent::written; }));
  writer.close();
  EXPECT_TRUE(until([&] { return events.back() == FileEvent::closed; }));
  fs::rename(file, root_ / "elsewhere");
  EXPECT_TRUE(until([&] { return events.back() == FileEvent::moved; }));
}

TEST_F(FileWatchTest, WatchesAFolderWithAllThatLiesInIt) {
  write("etc/deep/deeper/app.conf", "a");
  watch({"etc"});
  std::ofstream(root_ / "etc/deep/deeper/app.conf") << "b";
  EXPECT_TRUE(told());
  write("etc/new/app.conf", "c");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/new/app.conf") << "d";
  EXPECT_TRUE(told());
  fs::remove_all(root_ / "etc");
  EXPECT_TRUE(told());
  EXPECT_EQ(watch_->folders_watched(), 2U);
}

TEST_F(FileWatchTest, WatchesAThousandFoldersBelowAFolderAndTellsOfMore) {
  for (int number = 0; number < 1005; ++number) fs::create_directories(root_ / "etc" / std::to_string(number));
  watch({"etc"});
  EXPECT_TRUE(warned_of("more than 1000 folders"));
  EXPECT_TRUE(warned_of("Demo"));
  EXPECT_EQ(watch_->folders_watched(), 1003U);  // with the root, etc itself and the other engine's root
  fs::remove_all(root_ / "etc");
  EXPECT_TRUE(told());
  fs::create_directories(root_ / "etc/again");
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  write("etc/again/file", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, CountsOfAFolderWhatThePatternMatches) {
  write("bin/app", "a");
  fs::create_directories(root_ / "lib/deep");
  watch({}, {}, {"bin/*.so", "lib/**.py"});
  std::ofstream(root_ / "bin/app") << "b";
  EXPECT_TRUE(silent());
  write("bin/app.so", "a");
  EXPECT_TRUE(told());
  fs::create_directories(root_ / "bin/below.so");
  write("bin/below.so/x.so", "a");
  EXPECT_TRUE(silent());
  write("lib/deep/text", "a");
  EXPECT_TRUE(silent());
  write("lib/deep/more/app.py", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, AWriteToADatabaseIsNoDrift) {
  write("var/data.db", "a");
  write("var/conf", "a");
  watch({"var", "."}, {"var/data.db"});
  std::ofstream(root_ / "var/data.db", std::ios::app) << "b";
  write("var/data.db-wal", "c");
  write("var/data.db-journal", "c");
  fs::remove(root_ / "var/data.db-journal");
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "var/conf") << "b";
  EXPECT_TRUE(told());
  fs::rename(root_ / "var/data.db", root_ / "data.db");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, AFolderOfStateCountsByItsNames) {
  write("var/queue/1", "a");
  watch({}, {"var/queue"});
  std::ofstream(root_ / "var/queue/1", std::ios::app) << "b";
  write("var/queue/x.db-wal", "b");
  EXPECT_TRUE(silent());
  fs::remove(root_ / "var/queue/1");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, OwnChangesAreNotToldButTheNextForeignEditIs) {
  write("app.conf", "a");
  watch({"app.conf"});
  write("app.conf.new", "b");
  fs::rename(root_ / "app.conf.new", root_ / "app.conf");
  note("app.conf");
  EXPECT_TRUE(silent());
  ::chmod((root_ / "app.conf").c_str(), 0600);
  EXPECT_TRUE(told());
  fs::remove(root_ / "app.conf");
  own_.note((root_ / "app.conf").string(), 0, 0, 0);
  EXPECT_TRUE(silent());
}

TEST_F(FileWatchTest, AChangeUnderWayIsJudgedWhenItHasEnded) {
  write("app.conf", "a");
  watch({"app.conf"});
  const std::string path = (root_ / "app.conf").string();
  own_.begin(path);
  std::ofstream(path) << "b";
  EXPECT_TRUE(silent());
  note("app.conf");
  own_.end(path);
  EXPECT_TRUE(silent());
  own_.begin(path);
  std::ofstream(path) << "somebody else's";
  EXPECT_TRUE(silent());
  own_.end(path);
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, WhatTheHostRepairsAndPutsBackIsOwn) {
  write("etc/app.conf", "broken");
  write(".env", "A=1\n", 0600);
  spec_.repair.env.push_back({".env", {}, {}, {}});
  watch({"etc/app.conf", "etc/link", ".env", "gone"});
  RealHost host({.blobs = blobs_, .own_files = {}, .at_step = {}, .program = {}, .own_changes = &own_});
  std::vector<Change> changes = {rewriting("etc/app.conf", "good"), rewriting(".env", "A=2\n", 0600)};
  changes[1].kind = ChangeKind::env;
  changes[1].after.content = *blobs_.put("A=2\n", engine::BlobNaming::keyed);
  Change link;
  link.kind = ChangeKind::links;
  link.before = facts("etc/link");
  link.after = {TargetKind::link, {}, 0777, ::geteuid(), ::getegid(), "app.conf"};
  changes.push_back(link);
  const auto outcomes = host.apply(spec_, changes, 1, mark_);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/app.conf", std::ios::app) << "\n";
  EXPECT_TRUE(told());
  write("etc/app.conf", "good", 0640);
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  const auto undone = host.restore(spec_, changes, 1, outcomes, mark_);
  for (const auto& one : undone) EXPECT_EQ(one.status, UndoStatus::restored) << one.message;
  EXPECT_EQ(read("etc/app.conf"), "broken");
  EXPECT_TRUE(silent());
  fs::create_symlink("elsewhere", root_ / "etc/link");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, ARepairIsOwnEvenWhereItsEventsComeBeforeItsEnd) {
  write("app.conf", "0");
  watch({"app.conf"});
  RealHost host({.blobs = blobs_, .own_files = {}, .at_step = {}, .program = {}, .own_changes = &own_});
  std::atomic<bool> ended = false;
  std::thread repairs([&] {
    for (unsigned number = 1; number <= 20; ++number) {
      const Change change = rewriting("app.conf", std::to_string(number));
      EXPECT_EQ(host.apply(spec_, {&change, 1}, number, mark_).front().status, ChangeStatus::done);
    }
    ended = true;
    boost::asio::post(context_, [] {});
  });
  EXPECT_TRUE(until([&] { return ended.load(); }));
  repairs.join();
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "app.conf") << "drift";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, AFolderThatIsSwappedIsFollowed) {
  write("var/queue/deep/1", "old");
  write("next/deep/1", "new");
  watch({}, {"var/queue"});
  ASSERT_EQ(::renameat2(AT_FDCWD, (root_ / "next").c_str(), AT_FDCWD, (root_ / "var/queue").c_str(), RENAME_EXCHANGE),
            0);
  note("var/queue");
  EXPECT_TRUE(silent());
  fs::remove(root_ / "next/deep/1");
  EXPECT_TRUE(silent());
  fs::remove(root_ / "var/queue/deep/1");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, OwnStagingOfAnEngineFurtherDownDoesNotCount) {
  fs::create_directories(root_ / "sub");
  watch({"."});
  write("sub/.autoheal/next", "a");
  EXPECT_TRUE(silent());
  write("sub/app.conf", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, EnginesShareAFolder) {
  write("etc/one", "a");
  write("etc/two", "a");
  engines_ = {
      {"One", root_.string(), {"etc/one", "etc/both"}}, {"Two", (root_ / "etc").string(), {"two", "both"}}, other()};
  start();
  EXPECT_EQ(watch_->folders_watched(), 3U);
  std::ofstream(root_ / "etc/one") << "b";
  ASSERT_TRUE(until([&] { return told_["One"] > 0; }));
  EXPECT_EQ(told_["Two"], 0);
  told_.clear();
  write("etc/both", "b");
  EXPECT_TRUE(until([&] { return told_["One"] > 0 && told_["Two"] > 0; }));
  told_.clear();
  engines_.erase(engines_.begin());
  std::ofstream(root_ / "etc/two") << "before the reload is taken in";
  start();
  EXPECT_TRUE(told("Two"));
  EXPECT_EQ(watch_->folders_watched(), 2U);
  std::ofstream(root_ / "etc/one") << "c";
  EXPECT_TRUE(silent("One"));
}

TEST_F(FileWatchTest, OwnFilesNeverCount) {
  write("var/ledger.db", "a");
  write("var/ledger.db.vault/blob", "a");
  write(".autoheal/next", "a");
  own_files_ = {root_ / "var/ledger.db", root_ / "var/ledger.db.vault"};
  watch({"."});
  std::ofstream(root_ / "var/ledger.db") << "b";
  write("var/ledger.db.vault/blob2", "a");
  write(".autoheal/before", "a");
  EXPECT_TRUE(silent());
  write("var/conf", "b");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, NeverFollowsALinkAndSaysSo) {
  write(base_ / "outside/app.conf", "a");
  fs::create_symlink(base_ / "outside", root_ / "etc");
  watch({"etc/app.conf"});
  EXPECT_TRUE(warned_of((root_ / "etc").string() + " is not watched, a symbolic link stands in the path"));
  EXPECT_TRUE(warned_of("Demo"));
  std::ofstream(base_ / "outside/app.conf") << "b";
  EXPECT_TRUE(silent());
  fs::remove(root_ / "etc");
  write("etc/app.conf", "c");
  EXPECT_TRUE(told());
  std::ofstream(root_ / "etc/app.conf") << "d";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, PathsThatLeadOutAreRefusedByName) {
  watch({"../outside", "/etc/passwd", ".autoheal/next"}, {}, {"../*"});
  EXPECT_EQ(warnings_.size(), 4U);
  EXPECT_TRUE(warned_of("Demo: \"../outside\""));
}

TEST_F(FileWatchTest, LostEventsLeadToALookAtAllAndAreToldOnce) {
  fs::create_directories(root_ / "etc/deep");
  watch({"etc"});
  inotify_event lost{};
  lost.wd = -1;
  lost.mask = IN_Q_OVERFLOW;
  std::array<char, sizeof lost> bytes{};
  std::memcpy(bytes.data(), &lost, sizeof lost);
  watch_->take(bytes);
  watch_->take(bytes);
  EXPECT_EQ(sweeps_, 2);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_.front(), HasSubstr("max_queued_events"));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(FileWatchTest, FindsWhatChangedWhileEventsWereLost) {
  fs::create_directories(root_ / "etc/old");
  watch({"etc"});
  fs::create_directories(root_ / "etc/new/deep");
  fs::remove(root_ / "etc/old");
  inotify_event lost{};
  lost.wd = -1;
  lost.mask = IN_Q_OVERFLOW;
  std::array<char, sizeof lost> bytes{};
  std::memcpy(bytes.data(), &lost, sizeof lost);
  watch_->take(bytes);                       // before the real events
  EXPECT_EQ(watch_->folders_watched(), 5U);  // two roots, etc, new, deep
}

TEST_F(FileWatchTest, AFullKernelIsToldWithItsSettingAndTheEngines) {
  write("etc/app.conf", "a");
  watch({"etc/app.conf"});
  EXPECT_THAT(warnings_, IsEmpty());
  watch_->refuse_with = ENOSPC;
  start();
  ASSERT_EQ(warnings_.size(), 1U);
  std::string most;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> most;
  EXPECT_THAT(warnings_.front(), HasSubstr("/proc/sys/fs/inotify/max_user_watches is " + most));
  EXPECT_THAT(warnings_.front(), HasSubstr("tested on schedule only: Demo, Other"));
  EXPECT_EQ(watch_->folders_watched(), 0U);
  watch_->refuse_with = 0;
  start();
  std::ofstream(root_ / "etc/app.conf") << "b";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, TenThousandFilesInAFolderTakeOneWatch) {
  std::vector<std::string> paths;
  for (int number = 0; number < 10'000; ++number) paths.push_back("file-" + std::to_string(number));
  watch(paths);
  EXPECT_EQ(watch_->folders_watched(), 2U);
  write("file-9999", "a");
  EXPECT_TRUE(told());
  write("file-10000", "a");
  EXPECT_TRUE(silent());
}

TEST_F(FileWatchTest, MayBeDestroyedByACallback) {
  write("app.conf", "a");
  watch({"app.conf"});
  watch_->changed = [this](const std::string& engine) {
    ++told_[engine];
    watch_.reset();
  };
  std::ofstream(root_ / "app.conf") << "b";
  EXPECT_TRUE(told());
  own_.begin("/x");
  own_.end("/x");
  context_.poll();
}

TEST_F(FileWatchTest, IsMadeByItsFactory) {
  write("app.conf", "a");
  auto made = FileWatch::create(context_.get_executor(), own_);
  ASSERT_TRUE(made) << made.error().message;
  (*made)->changed = [this](const std::string& engine) { ++told_[engine]; };
  (*made)->watch({{"Demo", root_.string(), {"app.conf"}}});
  std::ofstream(root_ / "app.conf") << "b";
  EXPECT_TRUE(told());
}

}  // namespace
}  // namespace autoheal::host
