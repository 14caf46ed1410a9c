// Services that a heal starts live as if the system had started them: their outputs are read for ever, and they inherit
// nothing from the healer.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/drains.hpp"
#include "tools/host/process/inherited_bounds.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A file of /proc, which not everybody may read.
std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

using Standing = std::map<std::string, std::string>;

// Inherited properties of a process, without its own: memory, times, counters.
Standing standing_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/";
  Standing standing;
  for (const char* file :
       {"limits", "cgroup", "mountinfo", "oom_score_adj", "loginuid", "timerslack_ns", "personality"})
    standing[file] = text_of(folder + file);
  std::istringstream status(text_of(folder + "status"));
  const std::vector<std::string> inherited = {"Umask",
                                              "Uid",
                                              "Gid",
                                              "Groups",
                                              "SigBlk",
                                              "SigIgn",
                                              "SigCgt",
                                              "CapInh",
                                              "CapPrm",
                                              "CapEff",
                                              "CapBnd",
                                              "CapAmb",
                                              "NoNewPrivs",
                                              "Seccomp",
                                              "Seccomp_filters",
                                              "Speculation_Store_Bypass",
                                              "Cpus_allowed",
                                              "Mems_allowed",
                                              "THP_enabled",
                                              "CoreDumping",
                                              "TracerPid"};
  for (std::string line; std::getline(status, line);) {
    const std::string name = line.substr(0, line.find(':'));
    if (std::ranges::find(inherited, name) != inherited.end()) standing["status " + name] = line;
    // Two that the C library keeps for itself stay ignored in what posix_spawn starts.
    if (name == "SigIgn")
      standing["status SigIgn"] = std::to_string(std::stoull(line.substr(8), nullptr, 16) & ~0x180000000ULL);
  }
  const std::string stat = text_of(folder + "stat");
  std::istringstream fields(stat.substr(std::min(stat.rfind(')'), stat.size() - 1) + 1));
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    if (number == 7) standing["terminal"] = field;
    if (number == 19) standing["nice value"] = field;
    if (number == 41) standing["scheduling class"] = field;
  }
  standing["input"] = descriptor_of(pid, 0);
  return standing;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const host::ProcessInfo& one : host::all_processes()) {
    if (one.parent == parent) found.push_back(one.pid);
  }
  return found;
}

class StartedServices : public ::testing::Test {
 protected:
  void service(const std::string& application) const {
    bridge_.write("run/.keep", "");
    bridge_.script("bin/app", application);
    bridge_.script("bin/start", "bin/app & echo $! > run/new && mv run/new run/app.pid\n");
    bridge_.configure(
        "  - name: App\n    every: 1h\n"
        "    self_test: [ { name: alive, process: { pidfile: run/app.pid } } ]\n"
        "    repair: { service: { start: [bin/start], pidfile: run/app.pid } }\n");
  }
  [[nodiscard]] pid_t service_pid() const {
    pid_t pid = 0;
    std::ifstream(bridge_.path("run/app.pid")) >> pid;
    return pid;
  }
  // Started anew in that way; what it inherited. It is ended again.
  Standing started(const std::function<void()>& start) {
    start();
    const pid_t pid = service_pid();
    EXPECT_GT(pid, 1);
    EXPECT_TRUE(eventually([&] { return bridge_.exists("run/ready"); }));
    const Standing standing = standing_of(pid);
    descriptors_.clear();
    for (const auto& one : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
      descriptors_.insert(one.path().filename());
    fs::remove(bridge_.path("run/ready"));
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(has_ended(pid));
    fs::remove(bridge_.path("run/app.pid"));
    return standing;
  }
  void start_by_hand() const {
    const Ran ran = run({{"/bin/sh", "-c", "bin/start < /dev/null > /dev/null 2>&1"}, {}, {}, bridge_.path("")});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  // As somebody runs it who wants it out of the way, or has been careless.
  [[nodiscard]] Invocation in_odd_surroundings(std::vector<std::string> arguments) const {
    Invocation invocation = bridge_.invocation(std::move(arguments));
    const std::vector<std::string> odd = {
        "/bin/sh", "-c",
        "umask 077; exec env --ignore-signal=HUP,PIPE,USR1,CHLD --block-signal=USR2,ALRM choom -n 300 -- nice -n 7 "
        "ionice -c 3 chrt --batch 0 taskset -c 0 \"$0\" \"$@\" 7< /dev/zero"};
    invocation.arguments.insert(invocation.arguments.begin(), odd.begin(), odd.end());
    return invocation;
  }
  void expect_the_same(Standing healed, Standing by_hand) const {
    EXPECT_THAT(descriptors_, ElementsAre("0", "1", "2"));
    // Where this test itself runs in odd surroundings: as the first process has it.
    const Standing first = standing_of(1);
    by_hand["status Umask"] = "Umask:\t0022";
    for (const char* name : {"status Cpus_allowed", "oom_score_adj", "scheduling class"})
      by_hand[name] = first.at(name);
    by_hand["nice value"] = "0";  // whatever the first process has: some sandboxes favour theirs
    if (::geteuid() != 0) healed["nice value"] = by_hand["nice value"];  // to lower it takes a right
    for (const auto& [name, value] : by_hand) EXPECT_EQ(healed[name], value) << name;
    EXPECT_EQ(healed["input"], "/dev/null");
  }

  Bridge bridge_;
  std::set<std::string> descriptors_;  // of what was started last
};

// It is ready once it is no shell any more: that one has handlers of its own.
const std::string waits =
    "( until [ \"$(cat /proc/$$/comm)\" = sleep ]; do :; done; echo > run/ready ) &\nexec sleep 1000\n";

TEST_F(StartedServices, StandAsIfStartedByHand) {
  service(waits);
  const Standing by_hand = started([&] { start_by_hand(); });
  expect_the_same(started([&] {
                    const Ran ran = bridge_.autoheal({"heal", "App"});
                    EXPECT_EQ(ran.exit_code, 0) << ran.err;
                  }),
                  by_hand);
  expect_the_same(started([&] {
                    const Ran ran = run(in_odd_surroundings({"heal", "App"}));
                    EXPECT_EQ(ran.exit_code, 0) << ran.err;
                  }),
                  by_hand);
  expect_the_same(started([&] {
                    Background daemon(in_odd_surroundings({"serve"}));
                    EXPECT_TRUE(eventually([&] { return bridge_.exists("run/ready"); }));
                  }),
                  by_hand);
}

TEST_F(StartedServices, SurviveTheirHealerAndItsTerminal) {
  service(waits);
  Daemon daemon(bridge_);
  daemon.expect_count("heal.completed", 1);
  const pid_t pid = service_pid();
  const auto info = host::read_process(pid);
  ASSERT_TRUE(info);
  EXPECT_NE(info->session, ::getsid(daemon.pid()));
  EXPECT_NE(info->group, ::getpgid(daemon.pid()));
  ::kill(daemon.pid(), SIGINT);
  daemon.wait_for_the_end();
  const auto still = host::read_process(pid);
  ASSERT_TRUE(still);
  EXPECT_FALSE(still->is_dead());
}

std::uintmax_t size_below(const fs::path& folder) {
  std::uintmax_t size = 0;
  std::error_code gone;
  for (const auto& one : fs::recursive_directory_iterator(folder, gone)) {
    if (one.is_regular_file(gone)) size += one.file_size(gone);
  }
  return size;
}

// 1 GiB in long runs, across two daemons that are killed, and without one.
TEST_F(StartedServices, WriteForEverWhateverBecomesOfTheDaemon) {
  const std::size_t pieces = long_runs() ? 1024 : 12;
  service(
      "echo > run/ready\n"
      "while [ ! -e run/enough ]; do\n"
      "  [ \"$(wc -l < run/pieces)\" -lt \"$(cat run/allowed)\" ] || { sleep 0.01; continue; }\n"
      "  head -c 1000000 /dev/zero || echo stdout >> run/errors\n"
      "  head -c 48576 /dev/zero >&2 || echo stderr >> run/errors\n"
      "  echo >> run/pieces\n"
      "done\nexec sleep 1000\n");
  bridge_.write("run/pieces", "");
  bridge_.write("run/errors", "");
  const auto write_until = [&](std::size_t count) {
    bridge_.write("run/allowed.new", std::to_string(count));
    fs::rename(bridge_.path("run/allowed.new"), bridge_.path("run/allowed"));
    const auto written = [&] { return static_cast<std::size_t>(std::ranges::count(bridge_.read("run/pieces"), '\n')); };
    std::size_t before = 0;
    while (before < count) {  // as long as it goes on, however slow the machine is
      ASSERT_TRUE(eventually([&] { return written() > before; })) << before << " MiB";
      before = written();
    }
  };
  write_until(0);
  std::string pipe;
  std::uintmax_t size_before = 0;
  {
    Daemon daemon(bridge_);
    daemon.expect_count("heal.completed", 1);
    pipe = descriptor_of(service_pid(), 1);
    EXPECT_THAT(pipe, HasSubstr("pipe:"));
    EXPECT_THAT(drains_of_pipe(pipe), SizeIs(1));
    size_before = size_below(bridge_.path(""));
    write_until(pieces / 3);
    daemon.kill();
  }
  write_until(pieces / 2);
  {
    Daemon daemon(bridge_);
    daemon.expect_passes("App");
    write_until(pieces * 3 / 4);
    daemon.kill();
  }
  write_until(pieces);
  EXPECT_EQ(bridge_.read("run/errors"), "");
  EXPECT_LT(size_below(bridge_.path("")), size_before + (1U << 20U)) << "nothing of it is kept on the disk";
  const auto drains = drains_of_pipe(pipe);
  ASSERT_THAT(drains, SizeIs(1));
  bridge_.write("run/enough", "");
  ::kill(service_pid(), SIGKILL);
  EXPECT_TRUE(has_ended(service_pid()));
  EXPECT_TRUE(has_ended(drains.front()));
}

TEST_F(StartedServices, WriteForEverWhicheverRepairStartedThem) {
  const std::vector<std::string> repairs = {
      "service: { restart: [bin/start], pidfile: run/app.pid }",
      "service: { start: [bin/start], stop: [bin/stop], pidfile: run/app.pid }",
      "service: { start: [bin/start], check: [/bin/true], pidfile: run/app.pid }",
      "commands: [ { run: [bin/start] } ]",
      "platform: { run: [bin/start] }",
  };
  for (const std::string& repair : repairs) {
    SCOPED_TRACE(repair);
    service(
        "while [ ! -e run/go ]; do sleep 0.01; done\n"
        "head -c 1000000 /dev/zero && head -c 1000000 /dev/zero >&2\n"
        "echo $? > run/result; mv run/result run/written\nexec sleep 1000\n");
    bridge_.script("bin/stop", "exit 0\n");
    bridge_.configure(
        "  - name: App\n    self_test: [ { name: alive, process: { pidfile: run/app.pid } } ]\n    repair: { " +
        repair + " }\n");
    const Ran ran = bridge_.autoheal({"heal", "App"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    bridge_.write("run/go", "");
    EXPECT_TRUE(eventually([&] { return bridge_.exists("run/written"); }));
    EXPECT_EQ(bridge_.read("run/written"), "0\n");
    ::kill(service_pid(), SIGKILL);
    EXPECT_TRUE(has_ended(service_pid()));
    for (const char* name : {"run/go", "run/written", "run/app.pid"}) fs::remove(bridge_.path(name));
  }
}

// The output of a command is read and masked as ever, even if the drain reads the rest.
TEST_F(StartedServices, WhatTheStartSaysIsKeptAndMasked) {
  bridge_.write("secrets/token", "hunter2hunter2\n", 0600);
  bridge_.write("run/.keep", "");
  bridge_.script("bin/start", "echo \"token is $TOKEN\" >&2\nsleep 1000 &\nexit 3\n");
  bridge_.configure(
      "  - name: App\n    self_test: [ { name: alive, process: { pidfile: run/app.pid } } ]\n"
      "    healing: { max_retries: 1 }\n"
      "    repair: { service: { start: [bin/start], pidfile: run/app.pid, environment: { TOKEN: hunter2hunter2 } } }\n",
      "secrets: { names: [TOKEN] }\n");
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  const Ran shown = bridge_.autoheal({"show", "last"});
  EXPECT_THAT(shown.out, HasSubstr("exit status 3"));
  EXPECT_EQ((ran.out + ran.err + shown.out).find("hunter2hunter2"), std::string::npos);
}

// As the first process of a container it is the parent of what services leave, and has to reap it.
TEST_F(StartedServices, LeaveNoZombiesBehindAsTheFirstProcessOfAContainer) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a container without a user namespace";
  service("echo > run/ready\nexec sleep 1000\n");
  Invocation invocation = bridge_.invocation({"serve"});
  const std::vector<std::string> container = {"/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child"};
  invocation.arguments.insert(invocation.arguments.begin(), container.begin(), container.end());
  Background daemon(invocation);
  if (!eventually([&] { return bridge_.exists("run/ready"); })) GTEST_SKIP() << "namespaces are not allowed here";
  const auto first = children_of(daemon.pid());
  ASSERT_THAT(first, SizeIs(1));
  const auto healer = [&] {
    std::vector<pid_t> found;
    for (const pid_t pid : children_of(first.front())) {
      if (descriptor_of(pid, 1) == descriptor_of(first.front(), 1)) found.push_back(pid);
    }
    return found;
  };
  EXPECT_THAT(healer(), SizeIs(1));
  // The process left by the start is the first process's child by now. It ends, and nobody but that one can reap it.
  std::vector<pid_t> left;
  EXPECT_TRUE(eventually([&] {  // it says that it is ready before it becomes what it will be
    left.clear();
    for (const pid_t pid : children_of(first.front())) {
      if (text_of("/proc/" + std::to_string(pid) + "/comm") == "sleep\n") left.push_back(pid);
    }
    return left.size() == 1;
  }));
  ASSERT_THAT(left, SizeIs(1));
  ::kill(left.front(), SIGKILL);
  EXPECT_TRUE(has_ended(left.front()));
  EXPECT_TRUE(eventually([&] { return !host::read_process(left.front()); }));
  ::kill(first.front(), SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << "SIGTERM is passed on, and its end is the container's";
}

// Limits that cannot be taken off are reported, so that nobody finds a database in its healer's sandbox.
TEST_F(StartedServices, WhatTheyWouldInheritOfASandboxIsTold) {
  service(waits);
  std::size_t lives = 0;
  const auto said_by = [&](const std::string& through) {
    Invocation invocation = bridge_.invocation({"serve"});
    const std::vector<std::string> odd = {"/bin/sh", "-c", "exec " + through + " \"$0\" \"$@\" 2> said"};
    invocation.arguments.insert(invocation.arguments.begin(), odd.begin(), odd.end());
    fs::remove(bridge_.path("run/app.pid"));
    {
      Background daemon(invocation);
      ++lives;
      EXPECT_TRUE(eventually([&] { return bridge_.entries("heal.completed").size() == lives; }))
          << bridge_.read("said");
    }
    ::kill(service_pid(), SIGKILL);
    return bridge_.read("said");
  };
  EXPECT_THAT(said_by("setpriv --no-new-privs"), HasSubstr("inherits what this daemon is bound by: NoNewPrivileges="));
  if (host::inherited_bounds().empty()) {
    EXPECT_THAT(said_by(""), ::testing::Not(HasSubstr("is bound by")));
  }
}

}  // namespace
}  // namespace autoheal::testing
