#include "tools/host/process/process_runner.hpp"

#include <fcntl.h>

#include <sstream>

#include "tests/unit/host/program_fixture.hpp"
#include "tools/host/process/marked_processes.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;

using ProcessRunnerTest = ProgramTest;

TEST_F(ProcessRunnerTest, TakesOutputAndStatus) {
  const auto ran = run_program(shell("echo out; echo err >&2; exit 7\n"));
  EXPECT_TRUE(ran.started) << ran.message;
  EXPECT_EQ(ran.exit_code, 7);
  EXPECT_EQ(ran.standard_output, "out\n");
  EXPECT_EQ(ran.standard_error, "err\n");
  EXPECT_TRUE(ran.program_sha256.starts_with("sha256:"));
  EXPECT_EQ(run_program(shell("kill -9 $$\n")).exit_code, 137);
}

TEST_F(ProcessRunnerTest, GivesArgumentsAsTheyAreAndAFixedEnvironment) {
  ::setenv("LD_SOMETHING", "x", 1);
  auto wanted = request({"/usr/bin/printf", "%s|", "a b", "$(id)", ";`", "-n", "\n"});
  EXPECT_EQ(run_program(wanted).standard_output, "a b|$(id)|;`|-n|\n|");
  wanted = request({"/usr/bin/env"});
  wanted.run.environment = {{"MINE", "yes"}};
  const auto ran = run_program(wanted);
  EXPECT_EQ(ran.standard_output.find("LD_SOMETHING"), std::string::npos);
  for (const std::string& line :
       std::vector<std::string>{"MINE=yes\n", "LANG=C.UTF-8\n", "AUTOHEAL_EFFECT=" + mark_ + "\n",
                                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"}) {
    EXPECT_NE(ran.standard_output.find(line), std::string::npos) << line;
  }
}

TEST_F(ProcessRunnerTest, LeavesNoDescriptorOpen) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // NOLINT(android-cloexec-open): children get it, on purpose
  const auto ran = run_program(request({"/bin/sh", "-c", "ls /proc/$$/fd"}));
  EXPECT_EQ(ran.standard_output, "0\n1\n2\n");
}

TEST_F(ProcessRunnerTest, CutsOutputAndGoesOnReading) {
  auto wanted = shell("head -c 3000000 /dev/zero | tr '\\0' x; echo done >&2\n");
  wanted.output_limit = 1000;
  const auto ran = run_program(wanted);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.standard_output, std::string(1000, 'x'));
  EXPECT_TRUE(ran.output_cut);
  EXPECT_EQ(ran.standard_error, "done\n");
}

TEST_F(ProcessRunnerTest, KeepsTheBeginningAndTheEndOfALongOutput) {
  auto wanted = shell("seq 1 200000\necho the reason\n");
  for (const std::size_t limit : {1000U, 1001U, 3U, 65536U}) {
    wanted.output_limit = limit;
    const auto ran = run_program(wanted);
    ASSERT_EQ(ran.standard_output.size(), limit);
    const std::string beginning = "1\n2\n3\n4\n5\n", end = "200000\nthe reason\n";
    EXPECT_TRUE(
        ran.standard_output.starts_with(beginning.substr(0, std::min(beginning.size(), ran.standard_output_gap))));
    const std::string rest = ran.standard_output.substr(ran.standard_output_gap);
    EXPECT_TRUE(rest.ends_with(end.substr(end.size() - std::min(end.size(), rest.size())))) << rest;
    EXPECT_EQ(ran.standard_error_gap, 0U);
  }
}

TEST_F(ProcessRunnerTest, ATimeOutEndsTheWholeSessionAndWhatLeftIt) {
  auto wanted = shell("setsid sleep 100 & echo $!\n(trap '' TERM; sleep 101; sleep 102) & echo $!\nsleep 103\n");
  wanted.run.timeout = std::chrono::milliseconds(300);
  const auto ran = run_program(wanted);
  EXPECT_TRUE(ran.timed_out);
  EXPECT_LT(ran.took, std::chrono::seconds(10));
  std::istringstream pids(ran.standard_output);
  int count = 0;
  for (pid_t pid = 0; pids >> pid; ++count) EXPECT_TRUE(ends(pid));
  EXPECT_EQ(count, 2);
}

TEST_F(ProcessRunnerTest, EndsWithItsOwnProcessAndEndsWhatItLeft) {
  const auto ran = run_program(shell("sleep 100 & echo $!\n"));
  EXPECT_LT(ran.took, std::chrono::seconds(5));
  EXPECT_TRUE(ends(std::stoi(ran.standard_output)));
}

TEST_F(ProcessRunnerTest, WhatAServiceLeavesLivesOnAndMayGoOnWriting) {
  OutputDrain drain(AUTOHEAL_PROGRAM);
  const auto ran = run_program_of_others(
      shell("(while :; do echo tick; sleep 0.01; done) & echo $! >&2\n", ChildPolicy::keep_running), drain);
  const pid_t pid = std::stoi(ran.standard_error);
  EXPECT_FALSE(ends(pid, 300));
  EXPECT_EQ(end_marked("ledger/0190-other/"), 0U);
  EXPECT_GE(end_marked(heal_), 1U);
  EXPECT_TRUE(ends(pid));
  EXPECT_EQ(end_marked(heal_), 0U);
  EXPECT_EQ(end_marked(""), 0U);
}

TEST_F(ProcessRunnerTest, SaysWhyItCouldNotStart) {
  const auto message = [&](const std::vector<std::string>& argv) {
    const auto ran = run_program(request(argv));
    EXPECT_FALSE(ran.started);
    EXPECT_FALSE(ran.message.empty());
    return ran.message;
  };
  message({(root_ / "missing").string()});
  message({root_.string()});
  message({"relative"});
  EXPECT_NE(message({write("plain", "text", 0644).string()}).find("not executable"), std::string::npos);
  EXPECT_NE(message({write("empty", "", 0755).string()}).find("empty"), std::string::npos);
  EXPECT_NE(message({write("odd", "#!/no/such/interpreter\n", 0755).string()}).find("interpreter"), std::string::npos);
  EXPECT_NE(message({write("text", "not a program\n", 0755).string()}).find("neither"), std::string::npos);
  auto wanted = request({"/bin/true"});
  wanted.run.cwd = (root_ / "missing").string();
  EXPECT_FALSE(run_program(wanted).started);
}

TEST_F(ProcessRunnerTest, RefusesProgramsThatOthersCouldWrite) {
  const auto program = script("bin/tool", "exit 0\n");
  EXPECT_TRUE(run_program(request({program.string()})).started);
  ::chmod(program.c_str(), 0777);
  EXPECT_FALSE(run_program(request({program.string()})).started);
  ::chmod(program.c_str(), 0755);
  ::chmod(program.parent_path().c_str(), 0777);
  EXPECT_NE(run_program(request({program.string()})).message.find("can be written by others"), std::string::npos);
  ::chmod(program.parent_path().c_str(), 01777);
  EXPECT_TRUE(run_program(request({program.string()})).started);
  // By a link in a good folder into a bad one.
  ::chmod(program.parent_path().c_str(), 0777);
  fs::create_symlink("bin/tool", root_ / "link");
  EXPECT_FALSE(run_program(request({(root_ / "link").string()})).started);
  ::chmod(program.parent_path().c_str(), 0755);
  EXPECT_TRUE(run_program(request({(root_ / "link").string()})).started);
}

TEST_F(ProcessRunnerTest, BecomesAnotherUser) {
  auto wanted = request({"/usr/bin/id", "-un"});
  wanted.run.user = ::geteuid() == 0 ? "nobody" : "root";
  wanted.run.cwd = "/";
  const auto ran = run_program(wanted);
  if (::geteuid() != 0) {
    EXPECT_FALSE(ran.started);
  } else {
    EXPECT_EQ(ran.standard_output, "nobody\n") << ran.message;
  }
}

TEST_F(ProcessRunnerTest, GivesItsInputAndHoldsNobodyUpThatDoesNotReadIt) {
  auto wanted = shell("cat\n");
  wanted.input = "{\"id\":1}\nand more";
  EXPECT_EQ(run_program(wanted).standard_output, wanted.input);
  wanted = shell("exit 3\n");
  wanted.input = std::string(4U << 20U, 'x');
  EXPECT_EQ(run_program(wanted).exit_code, 3);
}

}  // namespace
}  // namespace autoheal::host
