// A number in a pidfile is believed only where its process can be the one that is meant.
#include "tools/host/service/named_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <latch>
#include <thread>

#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;
using workflows::ServiceState;

class NamedProcessTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  pid_t child() {
    child_ = ::fork();
    while (child_ == 0) ::pause();
    return child_;
  }
  void write(const std::string& text) const { std::ofstream(folder_ / "app.pid") << text; }
  void dated(std::time_t seconds_ago) const {
    const timespec when{std::time(nullptr) - seconds_ago, 0};
    const timespec both[2] = {when, when};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "app.pid").c_str(), both, 0), 0);
  }
  Result<NamedProcess> named() const {
    return named_process(*RootFolder::open((folder_ / "app.pid").parent_path()), "app.pid", OwnFiles());
  }
  workflows::ServiceStatus status() const {
    return status_by_pidfile(*RootFolder::open((folder_ / "app.pid").parent_path()), "app.pid", OwnFiles());
  }
  autoheal::testing::TemporaryFolder folder_;
  pid_t child_ = 0;
};

TEST_F(NamedProcessTest, ALivingOneIsTheService) {
  const pid_t pid = child();
  write(std::to_string(pid) + "\n");
  const auto found = named();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->pid, pid);
  EXPECT_LT(found->lives, std::chrono::minutes(1));
  EXPECT_EQ(status().state, ServiceState::running);
  EXPECT_EQ(status().main_process, pid);
  EXPECT_EQ(status().run, std::to_string(pid) + "/" + std::to_string(found->started));
}

TEST_F(NamedProcessTest, OneThatBeganLongAfterTheFileIsAnother) {
  write(std::to_string(child()));
  dated(2);
  EXPECT_TRUE(named()) << "clocks are coarse";
  dated(30);
  ASSERT_FALSE(named());
  EXPECT_THAT(named().error().message, HasSubstr("began after that file was written"));
  EXPECT_EQ(status().state, ServiceState::stopped);
  EXPECT_FALSE(status().no_pidfile);
  dated(-3600);  // written again since, as some do
  EXPECT_TRUE(named());
}

TEST_F(NamedProcessTest, AThreadIsNoService) {
  pid_t thread_id = 0;
  std::latch known(1), seen(1);
  std::jthread thread([&] {
    thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
    known.count_down();
    seen.wait();
  });
  known.wait();
  write(std::to_string(thread_id));
  EXPECT_THAT(named().error().message, HasSubstr("is a thread of another process"));
  seen.count_down();
  write("2");
  // Where this runs in a namespace of its own there are none.
  const auto second = named();
  if (second) GTEST_SKIP() << "process 2 is somebody's here";
  EXPECT_THAT(second.error().message, ::testing::AnyOf(HasSubstr("thread of the kernel"), HasSubstr("does not run")));
}

TEST_F(NamedProcessTest, AZombieNothingAndNoFileAreDead) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  write(std::to_string(pid));
  EXPECT_EQ(status().state, ServiceState::stopped);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_EQ(status().state, ServiceState::stopped);
  EXPECT_FALSE(status().no_pidfile);
  std::filesystem::remove(folder_ / "app.pid");
  EXPECT_EQ(status().state, ServiceState::stopped);
  EXPECT_TRUE(status().no_pidfile);
}

}  // namespace
}  // namespace autoheal::host
