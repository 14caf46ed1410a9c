#include "tests/support/worlds/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace autoheal::testing {

namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() { (void)!::pipe2(ends.data(), O_CLOEXEC); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(std::size_t index) {
    if (ends[index] >= 0) ::close(ends[index]);
    ends[index] = -1;
  }
};

// argv and envp for exec, alive as long as this.
struct Vectors {
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
  explicit Vectors(const Invocation& invocation) {
    environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp"};
    for (const auto& [name, value] : invocation.environment) environment.push_back(name + "=" + value);
    for (const auto& argument : invocation.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    for (auto& setting : environment) envp.push_back(setting.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
  }
};

pid_t spawn(const Invocation& invocation, int in, int out, int err) {
  Vectors vectors(invocation);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!invocation.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, invocation.folder.c_str());
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, vectors.argv[0], &actions, nullptr, vectors.argv.data(), vectors.envp.data());
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

int exit_code_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

bool long_runs() {
  const char* wanted = std::getenv("AUTOHEAL_LONG");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

Ran run(const Invocation& invocation) {
  Pipe in, out, err;
  const pid_t pid = spawn(invocation, in.ends[0], out.ends[1], err.ends[1]);
  Ran ran;
  if (pid < 0) {
    ran.err = std::string("cannot start: ") + std::strerror(errno);
    return ran;
  }
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  (void)!::write(in.ends[1], invocation.input.data(), invocation.input.size());  // tests give less than a pipe holds
  in.close_end(1);
  std::array<pollfd, 2> waiting{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t index = 0; index < 2; ++index) {
      if (waiting[index].fd < 0 || waiting[index].revents == 0) continue;
      std::array<char, 65536> buffer{};
      const ssize_t got = ::read(waiting[index].fd, buffer.data(), buffer.size());
      if (got <= 0) {
        waiting[index].fd = -1;
      } else {
        (index == 0 ? ran.out : ran.err).append(buffer.data(), static_cast<std::size_t>(got));
      }
    }
  }
  ran.exit_code = exit_code_of(pid);
  return ran;
}

Background::Background(const Invocation& invocation) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  pid_ = spawn(invocation, nothing, nothing, nothing);
  ::close(nothing);
}

Background::~Background() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  (void)wait();
}

void Background::send(int signal) const { ::kill(pid_, signal); }

bool Background::leaves_core_dump(int signal) {
  send(signal);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) && WCOREDUMP(status);
}

int Background::wait() {
  const int code = exit_code_of(pid_);
  pid_ = -1;
  return code;
}

}  // namespace autoheal::testing
