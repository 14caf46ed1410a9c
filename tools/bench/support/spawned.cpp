#include "tools/bench/support/spawned.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include "autoheal/engine/base/system_error.hpp"

namespace autoheal::bench {

namespace fs = std::filesystem;

namespace {

// The program and its children see no more than what a service manager would give.
constexpr const char* environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", nullptr};

}  // namespace

std::string program_beside(const std::string& name) {
  std::error_code problem;
  return (fs::read_symlink("/proc/self/exe", problem).parent_path() / name).string();
}

Result<pid_t> start(const std::vector<std::string>& arguments, const fs::path& folder, const fs::path& output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t child = -1;
  const int problem =
      ::posix_spawn(&child, argv.front(), &actions, nullptr, argv.data(), const_cast<char**>(environment));
  posix_spawn_file_actions_destroy(&actions);
  if (problem == 0) return child;
  return failure(ErrorKind::failed, arguments.front() + " cannot be started: " + system_words(problem));
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool has_ended(pid_t child) {
  siginfo_t found{};
  return ::waitid(P_PID, static_cast<id_t>(child), &found, WEXITED | WNOHANG | WNOWAIT) == 0 && found.si_pid == child;
}

Result<void> run(const std::vector<std::string>& arguments, const fs::path& folder, const fs::path& output) {
  const auto child = start(arguments, folder, output);
  AUTOHEAL_TRY(child);
  const int code = wait_for(*child);
  if (code == 0) return {};
  return failure(ErrorKind::failed, arguments.front() + " ended with exit code " + std::to_string(code));
}

Result<MemoryUse> memory_of(pid_t process) {
  const std::string name = "/proc/" + std::to_string(process) + "/smaps_rollup";
  std::ifstream lines(name);
  MemoryUse use;
  for (std::string word; lines >> word;) {
    double kib = 0;
    if (word == "Rss:" && lines >> kib) use.resident_mib += kib / 1024;
    if (word == "Pss:" && lines >> kib) use.share_mib += kib / 1024;
    if ((word == "Private_Clean:" || word == "Private_Dirty:") && lines >> kib) use.private_mib += kib / 1024;
  }
  if (use.resident_mib > 0) return use;
  // The daemon lets nobody but root look closer: what counts pages in all is open to everybody, shared ones in full.
  const double mib_per_page = static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024 / 1024;
  std::ifstream sizes("/proc/" + std::to_string(process) + "/statm");
  if (double all = 0, resident = 0, shared = 0; sizes >> all >> resident >> shared) {
    use.resident_mib = use.share_mib = resident * mib_per_page;
    use.private_mib = (resident - shared) * mib_per_page;
  }
  if (use.resident_mib > 0) return use;
  return failure(ErrorKind::unavailable, name + " cannot be read");
}

double cpu_seconds_of(pid_t process) {
  clockid_t clock{};
  timespec taken{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &taken) != 0) return 0;
  return static_cast<double>(taken.tv_sec) + static_cast<double>(taken.tv_nsec) / 1e9;
}

}  // namespace autoheal::bench
