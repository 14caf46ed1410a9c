// Hostile cases 47 to 57 (tests/README.md): running commands.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/host/program_fixture.hpp"
#include "tools/host/process/child_process.hpp"
#include "tools/host/process/open_file_limit.hpp"
#include "tools/host/process/program_file.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::AllOf;
using ::testing::HasSubstr;

class HostileCommands : public ProgramTest {
 protected:
  static std::string digest_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return sha256_name(std::string(std::istreambuf_iterator<char>(in), {}));
  }
};

TEST_F(HostileCommands, Case47_ArgumentsReachTheProgramAsTheyAre) {
  const std::vector<std::string> odd = {"a b", "\"", "'", ";", "$(id)", "`id`", "\n",
                                        "-n",  "--", "",  "*", "\\",    "|&<>"};
  auto wanted = request({"/usr/bin/printf", "<%s>"});
  std::string expected;
  for (const std::string& one : odd) {
    wanted.run.argv.push_back(one);
    expected += "<" + one + ">";
  }
  EXPECT_EQ(run_program(wanted).standard_output, expected);
}

ChildPlan plan_of(const std::filesystem::path& program, int nothing) {
  ChildPlan plan;
  plan.argv = {program.string()};
  plan.cwd = program.parent_path().string();
  plan.input = plan.output = plan.error = nothing;
  return plan;
}

int status_of(const Child& child) {
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED);
  return ended.si_status;
}

// A process that is to live on gets a place of its own first: nothing of it runs before.
TEST_F(HostileCommands, AProgramRunsOnceItsProcessHasBeenPlaced) {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ChildPlan plan = plan_of(script("bin/tool", "test -e placed\n"), nothing.get());
  const auto mark = std::filesystem::path(plan.cwd) / "placed";
  pid_t placed = 0;
  plan.place = [&](pid_t pid) {
    placed = pid;
    std::ofstream(mark) << pid;
  };
  const auto child = start_child(plan);
  ASSERT_TRUE(child.has_value()) << child.error().message;
  EXPECT_EQ(status_of(*child), 0);
  EXPECT_EQ(placed, child->pid);
}

TEST_F(HostileCommands, AProgramThatCouldNotBePlacedRunsAllTheSame) {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ChildPlan plan = plan_of(script("bin/tool", "exit 7\n"), nothing.get());
  plan.place = [](pid_t) { throw std::bad_alloc(); };
  const auto child = start_child(plan);
  ASSERT_TRUE(child.has_value()) << child.error().message;
  EXPECT_EQ(status_of(*child), 7);
}

TEST_F(HostileCommands, AProgramThatIsNoneIsToldAfterItsProcessWasPlaced) {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ChildPlan plan = plan_of("/nowhere/to/be/found", nothing.get());
  plan.cwd = "/";
  unsigned placed = 0;
  plan.place = [&](pid_t) { ++placed; };
  EXPECT_FALSE(start_child(plan).has_value());
  EXPECT_EQ(placed, 1U);
}

TEST_F(HostileCommands, Case48_AProgramThatOthersCanWriteIsRefused) {
  const auto program = script("bin/tool", "exit 0\n");
  ::chmod(program.parent_path().c_str(), 0777);
  const auto by_folder = run_program(request({program.string()}));
  EXPECT_FALSE(by_folder.started);
  EXPECT_THAT(by_folder.message, HasSubstr("can be written by others"));
  ::chmod(program.parent_path().c_str(), 0755);
  ::chmod(program.c_str(), 0775);
  EXPECT_FALSE(run_program(request({program.string()})).started);
  // A name alone would be looked up somewhere: it is no program.
  EXPECT_FALSE(run_program(request({"true"})).started);
}

TEST_F(HostileCommands, Case48_WhatBelongsToAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to another user";
  const auto program = script("bin/tool", "exit 0\n");
  ASSERT_EQ(::chown(program.c_str(), 65534, 65534), 0);
  EXPECT_FALSE(run_program(request({program.string()})).started);
  ASSERT_EQ(::chown(program.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(program.parent_path().c_str(), 65534, 65534), 0);
  EXPECT_FALSE(run_program(request({program.string()})).started);
}

TEST_F(HostileCommands, Case49_TheChildSeesTheFixedEnvironmentAlone) {
  autoheal::testing::in_a_child([&] {
    for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB", "IFS", "BASH_ENV", "ENV",
                             "SHELLOPTS", "PATH", "HOME", "TMPDIR"})
      ::setenv(name, "/hostile", 1);
    const auto ran = run_program(request({"/usr/bin/env"}));
    EXPECT_EQ(ran.standard_output.find("/hostile"), std::string::npos) << ran.standard_output;
    std::set<std::string> names;
    std::istringstream lines(ran.standard_output);
    for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find('=')));
    EXPECT_THAT(names, ::testing::ElementsAre("AUTOHEAL_EFFECT", "AUTOHEAL_RUN", "HOME", "LANG", "PATH"));
  });
}

// While a writer has the program open it cannot be executed, and the runner tries again: time to replace it.
TEST_F(HostileCommands, Case50_AProgramReplacedBeforeItsStartIsNotRun) {
  const auto program = root_ / "tool";
  fs::copy_file("/usr/bin/true", program);
  const std::string checked = digest_of(program);
  const auto other = script("other", "touch \"$(dirname \"$0\")\"/ran\n");
  const std::string replaced = digest_of(other);
  const UniqueFd writer(::open(program.c_str(), O_WRONLY | O_CLOEXEC));
  const UniqueFd watch(::inotify_init1(IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(watch.get(), program.c_str(), IN_CLOSE_NOWRITE), 0);
  RunOutcome ran;
  std::jthread runner([&] { ran = run_program(request({program.string()})); });
  std::array<char, 4096> event{};
  ASSERT_GT(::read(watch.get(), event.data(), event.size()), 0);  // it has been hashed
  fs::rename(other, program);
  runner.join();
  EXPECT_FALSE(ran.started);
  EXPECT_THAT(ran.message, AllOf(HasSubstr("was replaced"), HasSubstr(checked), HasSubstr(replaced)));
  // No call of the kernel compares and starts at once: replaced in between, it is ended and reported instead.
  const bool is_ended_instead = ran.message.find("while it was started") != std::string::npos;
  EXPECT_TRUE(is_ended_instead || !fs::exists(root_ / "ran")) << ran.message;
}

TEST_F(HostileCommands, Case50_WhatRunsIsComparedAfterItsStart) {
  fs::copy_file("/usr/bin/sleep", root_ / "one");
  fs::copy_file("/usr/bin/tail", root_ / "two");
  const auto one = open_program((root_ / "one").string(), ::geteuid());
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ChildPlan plan{{(root_ / "one").string(), "100"}, {}, "/", nothing.get(), nothing.get(), nothing.get(), {}};
  auto same = start_child(plan);
  plan.argv = {(root_ / "two").string(), "-f", "/dev/null"};
  auto other = start_child(plan);
  ASSERT_TRUE(one && same && other);
  fs::rename(root_ / "two", root_ / "one");
  EXPECT_TRUE(is_running(*one, same->pid)) << "what was hashed runs, whatever its name leads to now";
  EXPECT_FALSE(is_running(*one, other->pid));
  for (const pid_t pid : {same->pid, other->pid}) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

// Two programs take turns under one name: whatever ran is what the outcome says.
TEST_F(HostileCommands, Case50_UnderConstantReplacementTheDigestIsThatOfWhatRan) {
  fs::copy_file("/usr/bin/true", root_ / "tool");
  fs::copy_file("/usr/bin/false", root_ / "spare");
  const std::string says_yes = digest_of(root_ / "tool");
  const std::string says_no = digest_of(root_ / "spare");
  const int rounds = autoheal::testing::long_runs() ? 20'000 : 200;
  std::atomic<int> begun{0};
  std::jthread swapper([&] {
    for (int round = 0; round < rounds; ++round) {
      begun.wait(round);
      // A little later in each round than in the one before it.
      for (std::atomic<int> pause = round % 100 * 1000; pause > 0; --pause) continue;
      ::renameat2(AT_FDCWD, (root_ / "tool").c_str(), AT_FDCWD, (root_ / "spare").c_str(), RENAME_EXCHANGE);
    }
  });
  for (int round = 0; round < rounds; ++round) {
    ++begun;
    begun.notify_one();
    const auto ran = run_program(request({(root_ / "tool").string()}));
    if (!ran.started) {
      EXPECT_THAT(ran.message, HasSubstr("was replaced"));
      continue;
    }
    EXPECT_EQ(ran.program_sha256, ran.exit_code == 0 ? says_yes : says_no);
  }
}

TEST_F(HostileCommands, Case51_WhatRunsForEverIsEndedWithAllItsChildren) {
  auto wanted = shell(
      "(trap '' TERM HUP INT; while :; do sleep 100; done) & echo $!\n"
      "setsid sleep 101 & echo $!\n"
      "set -m; sleep 102 & echo $!\n"  // a process group of its own
      "while :; do sleep 103; done\n");
  wanted.run.timeout = std::chrono::milliseconds(300);
  const auto ran = run_program(wanted);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_LT(ran.took, std::chrono::seconds(10));
  std::istringstream pids(ran.standard_output);
  int count = 0;
  for (pid_t pid = 0; pids >> pid; ++count) EXPECT_TRUE(ends(pid)) << pid;
  EXPECT_EQ(count, 3);
}

long peak_memory_kib() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

TEST_F(HostileCommands, Case52_OutputWithoutEndIsCutAndCostsNoMemory) {
  auto endless = request({"/usr/bin/yes"});
  endless.run.timeout = std::chrono::milliseconds(300);
  const auto ran = run_program(endless);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_TRUE(ran.output_cut);
  EXPECT_EQ(ran.standard_output.size(), endless.output_limit);

  const std::string size = autoheal::testing::long_runs() ? "1G" : "128M";
  const long before = peak_memory_kib();
  const auto line = run_program(request({"/usr/bin/head", "-c", size, "/dev/zero"}));
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_TRUE(line.output_cut);
  EXPECT_EQ(line.standard_output.size(), endless.output_limit);
  EXPECT_LT(peak_memory_kib() - before, 32 * 1024);
}

TEST_F(HostileCommands, Case53_WhoClosesItsOutputsOrLeavesThemToOthersEndsInTime) {
  auto closes = shell("exec >&- 2>&-; sleep 100\n");
  closes.run.timeout = std::chrono::milliseconds(300);
  const auto silent = run_program(closes);
  EXPECT_TRUE(silent.timed_out);
  EXPECT_LT(silent.took, std::chrono::seconds(10));
  auto leaves = shell("sleep 100 & echo $!; sleep 101\n");
  leaves.run.timeout = std::chrono::milliseconds(300);
  const auto held = run_program(leaves);
  EXPECT_TRUE(held.timed_out);
  EXPECT_LT(held.took, std::chrono::seconds(10));
  EXPECT_TRUE(ends(std::stoi(held.standard_output)));
  // It ends by itself: the pipe that its child holds is no reason to wait.
  EXPECT_LT(run_program(shell("sleep 100 & exit 0\n")).took, std::chrono::seconds(10));
}

TEST_F(HostileCommands, Case54_EndingsAreRecordedAsTheyWere) {
  for (const auto& [text, code] : std::map<std::string, int>{
           {"exit 255\n", 255}, {"kill -KILL $$\n", 137}, {"kill -SEGV $$\n", 139}, {"kill -TERM $$\n", 143}}) {
    const auto ran = run_program(shell(text));
    EXPECT_TRUE(ran.started);
    EXPECT_EQ(ran.exit_code, code) << text;
    EXPECT_EQ(ran.message.find("SIG") != std::string::npos, code != 255) << ran.message;
  }
}

TEST_F(HostileCommands, Case55_NoDescriptorOfOursIsOpenInTheChild) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // NOLINT(android-cloexec-open): inherited on purpose
  ASSERT_GE(::fcntl(leaky.get(), F_DUPFD, 500), 0);
  EXPECT_EQ(run_program(request({"/bin/sh", "-c", "ls /proc/$$/fd"})).standard_output, "0\n1\n2\n");
}

TEST_F(HostileCommands, Case56_WhatCannotRunIsToldClearly) {
  const auto message = [&](const fs::path& path) {
    const auto ran = run_program(request({path.string()}));
    EXPECT_FALSE(ran.started);
    EXPECT_FALSE(ran.no_room);
    return ran.message;
  };
  EXPECT_THAT(message(write("odd", "#!/no/such/interpreter\n", 0755)),
              HasSubstr("the interpreter it names is missing"));
  EXPECT_THAT(message(write("plain", "text", 0644)), HasSubstr("is not executable"));
  EXPECT_THAT(message(root_), HasSubstr("is a folder"));
  EXPECT_THAT(message(write("empty", "", 0755)), HasSubstr("is empty"));
  EXPECT_THAT(message(root_ / "missing"), HasSubstr("missing: No such file"));
}

TEST_F(HostileCommands, Case56_OnANoExecMountNothingRuns) {
  // With a user namespace's help `/` would belong to a stranger, which is refused before the mount is met.
  if (::geteuid() != 0 || !autoheal::testing::can_mount())
    GTEST_SKIP() << "only root can mount without a user namespace, and mounts may not be allowed here";
  autoheal::testing::in_a_child([&] {
    ASSERT_TRUE(autoheal::testing::unshare_mounts());
    autoheal::testing::mount_memory(root_, "1m", MS_NOEXEC);
    const auto ran = run_program(shell("exit 0\n"));
    EXPECT_FALSE(ran.started);
    EXPECT_THAT(ran.message, HasSubstr("the mount forbids it"));
  });
}

TEST_F(HostileCommands, Case57_AFullProcessTableIsNoRepairThatWasTried) {
  autoheal::testing::in_a_child([&] {
    const auto wanted = request({"/usr/bin/true"});
    if (::geteuid() == 0) {  // the limit does not hold for root
      ASSERT_EQ(::setuid(65534), 0);
    }
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &none), 0);
    const auto ran = run_program(wanted);
    EXPECT_FALSE(ran.started);
    EXPECT_TRUE(ran.no_room);
    EXPECT_THAT(ran.message, HasSubstr("could not start"));
    // A failure for want of a process says nothing about the engine.
    const auto probed = host().probe(spec_, Probe{"p", std::chrono::seconds(1), true, CommandProbe{wanted.run}}, mark_);
    EXPECT_EQ(probed.verdict, ProbeVerdict::unknown) << probed.message;
  });
}

TEST_F(HostileCommands, Case57_WithoutDescriptorsNothingStarts) {
  autoheal::testing::in_a_child([&] {
    const auto wanted = request({"/usr/bin/true"});
    // As a healer has before: a sanitizer looks at what it has not seen yet through a descriptor of its own.
    ASSERT_FALSE(run_program(request({"/does/not/exist"})).started);
    rlimit few{};
    ::getrlimit(RLIMIT_NOFILE, &few);
    for (rlim_t limit = 4; limit < 14; ++limit) {
      few.rlim_cur = limit;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      const auto ran = run_program(wanted);
      if (ran.started) continue;
      EXPECT_TRUE(ran.no_room) << limit << ": " << ran.message;
    }
  });
}

TEST_F(HostileCommands, WhatIsStartedHasTheDescriptorsThatWeBeganWith) {
  autoheal::testing::in_a_child([&] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(raise_open_file_limit(150), 150U);
    EXPECT_EQ(raise_open_file_limit(120), 150U) << "it is never lowered";
    EXPECT_EQ(raise_open_file_limit(200), 200U);
    const auto ran = run_program(shell("ulimit -Sn; ulimit -Hn\n"));
    EXPECT_EQ(ran.standard_output, "100\n" + std::to_string(limit.rlim_max) + "\n");
  });
}

TEST_F(HostileCommands, Case122_WithoutDescriptorsNoProbeFails) {
#ifdef AUTOHEAL_SANITIZED
  GTEST_SKIP() << "a sanitizer needs descriptors of its own to look at memory";
#endif
  write("etc/app.conf", "PORT=1\n");
  write("run/app.pid", std::to_string(::getpid()) + "\n");
  FileProbe file;
  file.path = "etc/app.conf";
  EnvProbe env;
  env.file = "etc/app.conf";
  env.require = {"PORT"};
  const std::vector<decltype(Probe::what)> probes = {file,
                                                     env,
                                                     ProcessProbe{"run/app.pid"},
                                                     TcpProbe{"127.0.0.1", 1},
                                                     TcpProbe{"localhost", 1},
                                                     HttpProbe{"http://127.0.0.1:1/", 200, {}, {}}};
  autoheal::testing::in_a_child([&] {
    RealHost real = host();
    for (const auto& what : probes) {  // as before: what is loaded once is there
      const auto verdict = real.probe(spec_, Probe{"p", std::chrono::seconds(1), true, what}, mark_).verdict;
      ASSERT_NE(verdict, ProbeVerdict::unknown);
    }
    rlimit none{};
    ::getrlimit(RLIMIT_NOFILE, &none);
    for (rlim_t limit = 3; limit < 14; ++limit) {
      none.rlim_cur = limit;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
      const bool none_left = ::open("/", O_PATH | O_CLOEXEC) < 0;
      for (std::size_t number = 0; number < probes.size(); ++number) {
        const auto seen = real.probe(spec_, Probe{"p", std::chrono::seconds(1), true, probes[number]}, mark_);
        if (none_left) {
          EXPECT_EQ(seen.verdict, ProbeVerdict::unknown) << number << ": " << seen.message;
        }
        if (number < 3) {  // which pass where they can be made
          EXPECT_NE(seen.verdict, ProbeVerdict::fail) << number << " with " << limit << ": " << seen.message;
        }
      }
    }
  });
}

TEST_F(HostileCommands, Case57_AtTheMemoryLimitNothingIsTakenForDone) {
  std::ifstream sizes("/proc/self/statm");
  long pages = 0;
  sizes >> pages;
  if (pages > (1L << 28U)) GTEST_SKIP() << "a sanitizer's own memory leaves no limit to set";
  autoheal::testing::in_a_child([&] {
    const auto wanted = request({"/usr/bin/true"});
    ASSERT_TRUE(run_program(wanted).started);  // as a healer has before: what is loaded once is there
    const rlimit little{1U << 20U, 1U << 20U};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &little), 0);
    const auto ran = run_program(wanted);
    EXPECT_TRUE(ran.started ? ran.exit_code != 0 : ran.no_room) << ran.exit_code << " " << ran.message;
  });
}

TEST_F(HostileCommands, Case57_WithoutThreadsChangesAreMadeAllTheSame) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become a user with no processes of its own";
  autoheal::testing::in_a_child([&] {
    ASSERT_EQ(::chown(root_.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::setgid(65534), 0);
    ASSERT_EQ(::setuid(65534), 0);
    std::vector<Change> changes;
    for (const char* name : {"a", "b", "c"}) {
      write(name, "old");
      changes.push_back(rewriting(name, "new"));
    }
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &none), 0);
    RealHost host({blobs_, {}, 8, {}, {}});
    for (const auto& outcome : host.apply(spec_, changes, 1, mark_))
      EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  });
}

}  // namespace
}  // namespace autoheal::host
