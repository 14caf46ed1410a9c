// Who starts a service is known by its program before a pidfile tells.
#include "tools/host/known_programs.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <vector>

namespace autoheal::host {
namespace {

constexpr Duration a_minute = std::chrono::minutes(1);

class KnownProgramsTest : public ::testing::Test {
 protected:
  ~KnownProgramsTest() override {
    for (const pid_t one : started_) end(one);
  }
  pid_t start(const std::string& seconds) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::execlp("sleep", "sleep", seconds.c_str(), nullptr);
      ::_exit(127);
    }
    started_.push_back(child);
    while (arguments_of(child).find(seconds) == std::string::npos) ::poll(nullptr, 0, 1);
    return child;
  }
  static std::string arguments_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/cmdline", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
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

}  // namespace
}  // namespace autoheal::host
