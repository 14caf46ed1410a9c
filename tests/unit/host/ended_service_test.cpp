// A `stop` that only sends a signal, one that is not heard, and what that leads to for the start after it.
#include "tools/host/service/ended_service.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "tools/host/service/repaired_programs.hpp"
#include "tools/host/system/process_table.hpp"

namespace autoheal::host {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr StopPatience impatient{milliseconds(50), milliseconds(50), milliseconds(20)};

// A child that runs `body` once it has said that it is ready.
template <class Body>
pid_t child_that(const Body& body) {
  int ready[2];
  EXPECT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ready[0]);
    body([&] { (void)!::write(ready[1], "1", 1); });
    ::_exit(0);
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  return pid;
}

int status_of(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

std::string seen(pid_t pid, const StopPatience& patience) {
  const auto process = read_process(pid);
  return process ? see_it_end(pid, process->started, patience) : "nothing";
}

constexpr StopPatience patient{std::chrono::minutes(2), std::chrono::minutes(2), milliseconds(100)};

TEST(EndedService, OneThatHearsItsStopIsWaitedFor) {
  const pid_t pid = child_that([](const auto& ready) {
    ready();
    ::pause();
  });
  ::kill(pid, SIGTERM);
  EXPECT_EQ(seen(pid, patient), "");
  EXPECT_EQ(WTERMSIG(status_of(pid)), SIGTERM);
}

TEST(EndedService, OneThatIsStoppedByASignalIsContinuedSoThatItHears) {
  const pid_t pid = child_that([](const auto& ready) {
    ready();
    ::pause();
  });
  ::kill(pid, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  ::kill(pid, SIGTERM);
  EXPECT_THAT(seen(pid, patient), HasSubstr("was continued"));
  EXPECT_EQ(WTERMSIG(status_of(pid)), SIGTERM);
}

TEST(EndedService, OneThatDoesNotHearIsEndedWithItsChildren) {
  int of_child[2];  // its end is that of the last process that has it open
  ASSERT_EQ(::pipe(of_child), 0);
  const pid_t pid = child_that([&](const auto& ready) {
    ::close(of_child[0]);
    ::signal(SIGTERM, SIG_IGN);
    if (::fork() == 0) {
      while (true) ::pause();
    }
    ready();
    while (true) ::pause();
  });
  ::close(of_child[1]);
  ::kill(pid, SIGTERM);
  const std::string told = seen(pid, impatient);
  EXPECT_THAT(told, HasSubstr("was ended by SIGKILL, with 1 below it"));
  EXPECT_EQ(WTERMSIG(status_of(pid)), SIGKILL);
  pollfd end{of_child[0], POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 60'000), 1) << "its child lives on, and keeps the port";
  ::close(of_child[0]);
}

TEST(EndedService, AnotherProcessWithItsNumberIsLeftAlone) {
  const pid_t pid = child_that([](const auto& ready) {
    ready();
    ::pause();
  });
  EXPECT_EQ(see_it_end(pid, read_process(pid)->started + 1, impatient), "");
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it runs";
  ::kill(pid, SIGKILL);
  (void)status_of(pid);
}

TEST(EndedService, WhoWritesItsDataIsNotTakenForOneThatHangs) {
  const Duration second = std::chrono::seconds(1);
  EXPECT_FALSE(is_busy({}, {}, second));
  EXPECT_FALSE(is_busy({}, {milliseconds(10), 400}, second)) << "timers";
  EXPECT_TRUE(is_busy({}, {milliseconds(200), 0}, second));
  EXPECT_TRUE(is_busy({}, {Duration{0}, 1U << 20U}, second));
  EXPECT_FALSE(is_busy({second, 1U << 20U}, {milliseconds(10), 100}, second)) << "some of the family ended";
}

TEST(EndedService, AStartIsWorthAnotherTryOnceTheZombieIsGone) {
  const pid_t pid = child_that([](const auto& ready) { ready(); });
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  const pid_t reaper = ::getpid();
  ASSERT_NE(reaper, pid);
  EXPECT_FALSE(is_gone_at_last(::getpid(), "mark")) << "it runs";
  EXPECT_EQ(status_of(pid), 0);
  EXPECT_FALSE(is_gone_at_last(pid, "mark")) << "nothing was in the way";
}

TEST(RepairedPrograms, AreTheTargetsOfAnEngine) {
  workflows::EngineSpec spec;
  spec.root = "/srv/app";
  EXPECT_FALSE(is_repaired(spec, "/srv/app/bin/probe"));
  spec.repair.files.emplace_back().path = "bin/probe";
  EXPECT_TRUE(is_repaired(spec, "/srv/app/bin/probe"));
  EXPECT_FALSE(is_repaired(spec, "/srv/app/bin/probes"));
  EXPECT_FALSE(is_repaired(spec, "/srv/application/bin/probe"));
  spec.repair.release.push_back({"current", "releases"});
  EXPECT_TRUE(is_repaired(spec, "/srv/app/current/bin/app"));
  EXPECT_TRUE(is_repaired(spec, "/srv/app/releases/2/bin/app"));
  workflows::BuildRepair build;
  build.outputs = {"out/**"};
  spec.repair.build.push_back(build);
  EXPECT_TRUE(is_repaired(spec, "/srv/app/out/tool"));
  spec.root = "/";
  EXPECT_TRUE(is_repaired(spec, "/bin/probe"));
}

}  // namespace
}  // namespace autoheal::host
