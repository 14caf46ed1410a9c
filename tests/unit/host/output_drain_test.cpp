// Processes that a command leaves running write for as long as they live, also after the process that started them.
#include "tools/host/process/output_drain.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <sstream>
#include <thread>

#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/support/worlds/drains.hpp"
#include "tests/support/worlds/happenings.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/host/program_fixture.hpp"
#include "tools/host/process/marked_processes.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using autoheal::testing::drains_of;
using autoheal::testing::eventually;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OutputDrains : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    watched_.emplace(root_);
  }
  void TearDown() override {
    for (const pid_t pid : writers_) ::kill(pid, SIGKILL);
    EXPECT_TRUE(none_is_left());
    watched_.reset();
    ProgramTest::TearDown();
  }
  RunOutcome run(const RunRequest& request) { return run_program_of_others(request, drain_); }
  // Leaves somebody running who writes `size` bytes to both outputs once `go` is there, then says so in `written`.
  RunRequest writer(const std::string& size, ChildPolicy children = ChildPolicy::keep_running,
                    const std::string& by = "") {
    write("writer",
          "#!/bin/sh\n: > away\nwhile [ ! -e go ]; do sleep 0.01; done\n"
          "{ head -c " +
              size + " /dev/zero && head -c " + size +
              " /dev/zero >&2; echo $? > result; }\n"
              "mv result written\nexec sleep 1000\n",
          0755);
    return shell(by + " ./writer & echo $!\nwhile [ ! -e away ]; do sleep 0.01; done\n", children);
  }
  pid_t left(const RunOutcome& ran) {
    EXPECT_EQ(ran.exit_code, 0) << ran.message;
    writers_.push_back(std::stoi("0" + ran.standard_output));
    return writers_.back();
  }
  void expect_it_writes() {
    write("go", "");
    EXPECT_TRUE(eventually([&] { return fs::exists(root_ / "written"); }));
    EXPECT_EQ(read("written"), "0\n");
  }
  static bool none_is_left() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!drains_of(::getpid()).empty()) {
      for (const pid_t pid : drains_of(::getpid())) ends(pid, 1000);
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }

  OutputDrain drain_{AUTOHEAL_PROGRAM};
  std::optional<autoheal::testing::WatchedFolder> watched_;
  std::vector<pid_t> writers_;
};

TEST_F(OutputDrains, ReadWhatLivesOnUntilItEndsAndEndWithIt) {
  const pid_t pid = left(run(writer("8388608")));
  expect_it_writes();
  EXPECT_THAT(autoheal::testing::drains_of_pipe(autoheal::testing::descriptor_of(pid, 1)), SizeIs(1));
  EXPECT_EQ(autoheal::testing::descriptor_of(pid, 0), "/dev/null");
  const auto drains = drains_of(::getpid());
  ASSERT_THAT(drains, SizeIs(1));
  EXPECT_FALSE(ends(drains.front(), 1000)) << "idle, but somebody may still write";
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(ends(drains.front()));
  EXPECT_TRUE(none_is_left()) << "it is reaped, too";
}

TEST_F(OutputDrains, TakeNothingFromWhoStillReads) {
  auto wanted = shell("head -c 60000 /dev/zero | tr '\\0' x\nsleep 1000 & echo $! >&2\n", ChildPolicy::keep_running);
  const auto ran = run(wanted);
  writers_.push_back(std::stoi("0" + ran.standard_error));
  EXPECT_EQ(ran.standard_output, std::string(60000, 'x'));
  EXPECT_FALSE(ran.output_cut);
}

TEST_F(OutputDrains, OneServesManyRunsAndTheNextBeginsWhenItHasGone) {
  const auto quick = shell("exit 0\n", ChildPolicy::keep_running);
  for (int round = 0; round < 20; ++round) EXPECT_EQ(run(quick).exit_code, 0);
  EXPECT_THAT(drains_of(::getpid()), SizeIs(1));
  EXPECT_TRUE(none_is_left()) << "nobody writes: it ends";
  left(run(writer("1000000")));
  expect_it_writes();
}

TEST_F(OutputDrains, HaveBoundsAndFollowEachOther) {
  const auto quick = request({"/bin/true"}, ChildPolicy::keep_running);
  left(run(writer("1000000")));
  for (int round = 0; round < 220; ++round) ASSERT_EQ(run(quick).exit_code, 0);
  expect_it_writes();
  EXPECT_LE(drains_of(::getpid()).size(), 3U);
}

TEST_F(OutputDrains, SideBySide) {
  std::vector<std::jthread> threads;
  for (int number = 0; number < 8; ++number) {
    const auto wanted = request({"/bin/sh", "-c", "echo here; sleep 0.02"}, ChildPolicy::keep_running);
    threads.emplace_back([this, wanted] {
      for (int round = 0; round < 5; ++round) EXPECT_EQ(run(wanted).standard_output, "here\n");
    });
  }
}

TEST_F(OutputDrains, OneThatWasKilledIsReplaced) {
  ASSERT_EQ(run(shell("exit 0\n", ChildPolicy::keep_running)).exit_code, 0);
  for (const pid_t pid : drains_of(::getpid())) ::kill(pid, SIGKILL);
  left(run(writer("1000000")));
  expect_it_writes();
}

TEST_F(OutputDrains, OneThatIsKilledDuringTheRunIsReplacedAtItsEnd) {
  (void)writer("1000000");
  const std::string find = "pgrep -P " + std::to_string(::getpid()) + " -f 'autoheal output-drain'";
  left(run(shell("./writer & echo $!\nuntil drain=$(" + find + "); do sleep 0.01; done\n" +
                     "kill -KILL $drain; while kill -0 $drain; do sleep 0.01; done\n",
                 ChildPolicy::keep_running)));
  expect_it_writes();
}

TEST_F(OutputDrains, AProgramThatIsNoneStartsNothing) {
  OutputDrain none((root_ / "missing").string());
  const auto ran = run_program_of_others(shell("touch ran\n", ChildPolicy::keep_running), none);
  EXPECT_FALSE(ran.started);
  EXPECT_FALSE(fs::exists(root_ / "ran"));
  EXPECT_THAT(ran.message, ::testing::HasSubstr("reads the outputs"));
}

TEST_F(OutputDrains, ServeWhatGetsAwayFromAProbe) {
  // No mark in its environment, no session of ours.
  left(run(writer("1000000", ChildPolicy::end_all, "env -i /usr/bin/setsid")));
  expect_it_writes();
}

TEST_F(OutputDrains, AProbeThatLeavesNothingNeedsNone) {
  EXPECT_EQ(run(shell("echo x; sleep 100 &\n")).standard_output, "x\n");
  EXPECT_THAT(drains_of(::getpid()), IsEmpty());
}

TEST_F(OutputDrains, OutliveWhoStartedTheCommandAlsoWhereItIsKilledMeanwhile) {
  const auto wanted = writer("1000000");
  const auto endless = shell("./writer & echo $! > pid.new; mv pid.new pid; sleep 1000\n", ChildPolicy::keep_running);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    (void)run(endless);
    ::_exit(0);
  }
  EXPECT_TRUE(eventually([&] { return fs::exists(root_ / "pid"); }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  writers_.push_back(std::stoi(read("pid")));
  const std::string pipe = autoheal::testing::descriptor_of(writers_.back(), 1);
  expect_it_writes();
  const auto drains = autoheal::testing::drains_of_pipe(pipe);
  ASSERT_THAT(drains, SizeIs(1));
  end_marked(heal_);
  EXPECT_TRUE(ends(drains.front()));
}

TEST_F(OutputDrains, AreNotEndedByThoseWhoAskEverybodyToEnd) {
  left(run(writer("1000000")));
  const auto drains = drains_of(::getpid());
  ASSERT_THAT(drains, SizeIs(1));
  EXPECT_THAT(autoheal::testing::drains_of_pipe(autoheal::testing::descriptor_of(writers_.back(), 2)), SizeIs(1));
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1}) ::kill(drains.front(), signal);
  expect_it_writes();
  const auto info = read_process(drains.front());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->session, drains.front()) << "a session of its own";
}

TEST_F(OutputDrains, HoldNothingButWhatTheyRead) {
  const UniqueFd leaky(::open("/dev/zero", O_RDONLY));  // NOLINT(android-cloexec-open): children get it, on purpose
  left(run(writer("1000")));
  expect_it_writes();
  const auto drains = drains_of(::getpid());
  ASSERT_THAT(drains, SizeIs(1));
  const std::string folder = "/proc/" + std::to_string(drains.front());
  EXPECT_EQ(fs::read_symlink(folder + "/cwd"), "/");
  std::size_t pipes = 0;
  for (const auto& entry : fs::directory_iterator(folder + "/fd")) {
    const std::string what = fs::read_symlink(entry.path());
    EXPECT_TRUE(what.starts_with("pipe:") || what.starts_with("socket:") || what == "/dev/null") << what;
    pipes += what.starts_with("pipe:") ? 1 : 0;
  }
  EXPECT_EQ(pipes, 2U);
}

// A program of another user opens /dev/stdout as it would open a terminal's.
TEST_F(OutputDrains, AnotherUserMayOpenHisOutputsByName) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can start programs of another user";
  auto wanted = request({"/bin/sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr"}, ChildPolicy::keep_running);
  wanted.run.user = "nobody";
  wanted.run.cwd = "/";
  const auto ran = run(wanted);
  EXPECT_EQ(ran.standard_output, "out\n");
  EXPECT_EQ(ran.standard_error, "err\n");
}

// In long runs: what 1000 short commands cost, with and without it.
TEST_F(OutputDrains, CostLittlePerRun) {
  const int rounds = autoheal::testing::long_runs() ? 1000 : 50;
  for (const auto children : {ChildPolicy::end_all, ChildPolicy::keep_running}) {
    const auto quick = request({"/bin/true"}, children);
    const auto began = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) ASSERT_EQ(run(quick).exit_code, 0);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    RecordProperty(children == ChildPolicy::end_all ? "us_without" : "us_with", std::to_string(took.count() / rounds));
    std::printf("%s: %ld us a run\n", children == ChildPolicy::end_all ? "probe" : "command", took.count() / rounds);
  }
}

}  // namespace
}  // namespace autoheal::host
