#include "tools/host/watch/process_watch.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/unit/host/watch_fixture.hpp"
#include "tools/host/process/process_exit.hpp"

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;

class WatchOfProcesses final : public ProcessWatch {
 public:
  using ProcessWatch::ProcessWatch;
  int refuse_with = 0;
  std::function<void()> between;  // after the file was read, before the process is opened

 private:
  UniqueFd open_process(pid_t pid) override {
    if (const auto once = std::exchange(between, {})) once();
    if (refuse_with == 0) return ProcessWatch::open_process(pid);
    errno = refuse_with;
    return {};
  }
};

// A child that waits to be killed.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ != 0) return;
    for (int signal = 1; signal < SIGRTMIN; ++signal) ::signal(signal, SIG_DFL);  // the caller may ignore some
    while (true) ::pause();
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] std::string pid() const { return std::to_string(pid_) + "\n"; }
  void kill(int signal = SIGKILL) const { ::kill(pid_, signal); }
  void end() {
    if (pid_ <= 0) return;
    kill();
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

 private:
  pid_t pid_;
};

class ProcessWatchTest : public WatchTest {
 protected:
  void SetUp() override {
    WatchTest::SetUp();
    watch_ = std::make_unique<WatchOfProcesses>(context_.get_executor());
    watch_->ended = [this](const std::string& engine, workflows::ProcessEnd) { ++told_[engine]; };
    watch_->warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
  }
  void watch() { watch_->watch({{"Demo", root_.string(), "run/app.pid"}}); }
  bool told() {
    const bool came = until([&] { return told_["Demo"] > 0; });
    told_.clear();
    return came;
  }

  std::unique_ptr<WatchOfProcesses> watch_;
};

TEST_F(ProcessWatchTest, TellsTheEndOfAProcessOnceEvenBeforeItIsReaped) {
  const Child child;
  write("run/app.pid", child.pid());
  watch();
  EXPECT_EQ(watch_->processes_watched(), 1U);
  EXPECT_EQ(context_.poll(), 0U);
  child.kill();
  EXPECT_TRUE(told());
  EXPECT_EQ(watch_->processes_watched(), 0U);
  watch_->look_again("Demo");
  EXPECT_EQ(watch_->processes_watched(), 0U);
}

TEST_F(ProcessWatchTest, WatchesTheProcessThatANewPidfileNames) {
  Child first;
  Child second;
  write("run/app.pid", first.pid());
  watch();
  write("run/app.pid", second.pid());
  watch_->look_again("Nobody");
  watch_->look_again("Demo");
  first.end();
  context_.poll();
  EXPECT_EQ(told_["Demo"], 0);
  second.kill();
  EXPECT_TRUE(told());
}

TEST_F(ProcessWatchTest, APidfileWithoutAProcessIsNotWatchedUntilItHasOne) {
  watch();
  EXPECT_EQ(watch_->processes_watched(), 0U);
  for (const std::string& text :
       {std::string("text"), std::string("-1"), std::string("0"), std::string("2147483647"), std::string(5000, '1')}) {
    write("run/app.pid", text);
    watch_->look_again("Demo");
    EXPECT_EQ(watch_->processes_watched(), 0U) << text.substr(0, 20);
  }
  Child child;
  write(base_ / "elsewhere.pid", child.pid());
  fs::remove(root_ / "run/app.pid");
  fs::create_symlink(base_ / "elsewhere.pid", root_ / "run/app.pid");
  watch_->look_again("Demo");
  EXPECT_EQ(watch_->processes_watched(), 0U);
  fs::remove(root_ / "run/app.pid");
  write("run/app.pid", child.pid());
  watch_->look_again("Demo");
  EXPECT_EQ(watch_->processes_watched(), 1U);
  // A pidfile that is being written anew takes nothing away.
  write("run/app.pid", "");
  watch_->look_again("Demo");
  child.end();
  EXPECT_TRUE(told());
}

TEST_F(ProcessWatchTest, APidfileBehindALinkBelowTheRootIsFound) {
  const Child child;
  write("real/app.pid", child.pid());
  fs::create_symlink(root_ / "real", root_ / "run");
  watch();
  EXPECT_EQ(watch_->processes_watched(), 1U);
  child.kill();
  EXPECT_TRUE(told());
}

TEST_F(ProcessWatchTest, APidfileThatIsReplacedWhileItIsReadIsReadAgain) {
  Child first;
  Child second;
  write("run/app.pid", first.pid());
  watch_->between = [&] {
    write("run/app.pid", second.pid());
    first.end();
  };
  watch();
  EXPECT_EQ(watch_->processes_watched(), 1U);
  context_.poll();
  EXPECT_EQ(told_["Demo"], 0);
  second.kill();
  EXPECT_TRUE(told());
}

TEST_F(ProcessWatchTest, AnEndDuringAReloadIsStillTold) {
  Child child;
  write("run/app.pid", child.pid());
  watch();
  child.end();
  watch();
  EXPECT_TRUE(told());
  watch_->watch({});
  watch_->look_again("Demo");
  EXPECT_EQ(watch_->processes_watched(), 0U);
}

TEST_F(ProcessWatchTest, SaysWhichEnginesGoUnwatchedWithoutDescriptors) {
  const Child child;
  write("run/app.pid", child.pid());
  watch_->refuse_with = EMFILE;
  watch();
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_.front(), HasSubstr("LimitNOFILE"));
  EXPECT_THAT(warnings_.front(), HasSubstr("tested on schedule only: Demo"));
  watch_->refuse_with = 0;
  watch_->look_again("Demo");
  EXPECT_EQ(watch_->processes_watched(), 1U);
}

TEST_F(ProcessWatchTest, MayBeDestroyedOrLookAgainInACallback) {
  Child first;
  Child second;
  write("run/app.pid", first.pid());
  watch();
  watch_->ended = [&](const std::string& engine, workflows::ProcessEnd) {
    ++told_[engine];
    write("run/app.pid", second.pid());
    watch_->look_again(engine);
  };
  first.kill();
  EXPECT_TRUE(told());
  EXPECT_EQ(watch_->processes_watched(), 1U);
  watch_->ended = [this](const std::string& engine, workflows::ProcessEnd) {
    ++told_[engine];
    watch_.reset();
  };
  second.kill();
  EXPECT_TRUE(told());
}

// ---- how it ended

TEST_F(ProcessWatchTest, TellsHowItEndedOfOneThatIsNotReapedYet) {
  using workflows::ProcessEnd;
  std::vector<ProcessEnd> ends;
  watch_->ended = [&](const std::string& engine, ProcessEnd how) {
    ++told_[engine];
    ends.push_back(how);
  };
  for (const int signal : {SIGTERM, SIGINT, SIGSYS, SIGABRT, SIGKILL, SIGUSR1}) {
    const Child child;
    write("run/app.pid", child.pid());
    context_.restart();
    watch();
    child.kill(signal);
    EXPECT_TRUE(told()) << signal;
  }
  EXPECT_THAT(ends, ::testing::ElementsAre(ProcessEnd::wanted, ProcessEnd::wanted, ProcessEnd::crashed,
                                           ProcessEnd::crashed, ProcessEnd::killed, ProcessEnd::failed));
}

TEST_F(ProcessWatchTest, TellsHowItEndedOfOneThatIsReaped) {
  using workflows::ProcessEnd;
  for (const auto& [status, how] : {std::pair(0, ProcessEnd::wanted), std::pair(3, ProcessEnd::failed)}) {
    int go_on[2];
    ASSERT_EQ(::pipe2(go_on, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      char byte = 0;
      ::_exit(::read(go_on[0], &byte, 1) == 1 ? status : 9);
    }
    const UniqueFd opened(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    ASSERT_EQ(::write(go_on[1], "x", 1), 1);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(go_on[0]);
    ::close(go_on[1]);
    const ProcessEnd told = how_it_ended(opened.get(), child);
    // Linux tells it since 6.15.
    EXPECT_TRUE(told == how || told == ProcessEnd::unknown) << status;
  }
}

}  // namespace
}  // namespace autoheal::host
