// Who starts a service is known by its program before a pidfile tells.
#include "tools/host/service/known_programs.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

namespace autoheal::host {
namespace {

constexpr Duration a_minute = std::chrono::minutes(1);

class KnownProgramsTest : public ::testing::Test {
 protected:
  ~KnownProgramsTest() override {
    for (const pid_t one : started_) end(one);
  }
  // Back once it is that program: then the pipe is closed in it.
  pid_t start(const std::string& seconds, const char* folder = "/") {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::chdir(folder) == 0) ::execlp("sleep", "sleep", seconds.c_str(), nullptr);
      ::_exit(127);
    }
    started_.push_back(child);
    ::close(ends[1]);
    char nothing = 0;
    EXPECT_EQ(::read(ends[0], &nothing, 1), 0);
    ::close(ends[0]);
    return child;
  }
  static void end(pid_t process) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  KnownPrograms programs_;
  std::vector<pid_t> started_;
};

TEST_F(KnownProgramsTest, ASuccessorIsFound) {
  const pid_t service = start("86391");
  programs_.note("/app.pid", service);
  end(service);
  EXPECT_EQ(programs_.just_begun("/app.pid", a_minute), std::nullopt);
  (void)start("86392");
  EXPECT_EQ(programs_.just_begun("/app.pid", a_minute), std::nullopt) << "it does something else";
  const pid_t successor = start("86391");
  EXPECT_EQ(programs_.just_begun("/app.pid", a_minute), successor);
  EXPECT_EQ(programs_.just_begun("/app.pid", Duration{-1}), std::nullopt) << "it has had its time";
  EXPECT_EQ(programs_.just_begun("/other.pid", a_minute), std::nullopt);
}

TEST_F(KnownProgramsTest, TheSameProgramInAnotherFolderIsAnotherService) {
  const pid_t service = start("86393");
  programs_.note("/app.pid", service);
  end(service);
  (void)start("86393", "/tmp");
  EXPECT_EQ(programs_.just_begun("/app.pid", a_minute), std::nullopt);
}

TEST_F(KnownProgramsTest, WhatIsKnownAsAnotherServiceIsNoSuccessor) {
  const pid_t service = start("86394");
  programs_.note("/app.pid", service);
  end(service);
  programs_.note("/other.pid", start("86394"));
  EXPECT_EQ(programs_.just_begun("/app.pid", a_minute), std::nullopt);
}

}  // namespace
}  // namespace autoheal::host
