// Folders, links and mounts that come, go and are replaced while files below them are watched.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdio>

#include "tests/unit/host/file_watch_fixture.hpp"

namespace autoheal::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

}  // namespace
}  // namespace autoheal::host
