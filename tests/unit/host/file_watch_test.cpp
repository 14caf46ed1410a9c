#include "tools/host/watch/file_watch.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/unit/host/file_watch_fixture.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
