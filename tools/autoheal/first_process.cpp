#include "tools/autoheal/first_process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace autoheal::cli {

namespace {

constexpr pid_t first = 1;

// The child's exit code, once it has ended.
std::optional<int> reap_all(pid_t child) {
  std::optional<int> code;
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return code;
}

}  // namespace

std::optional<int> reap_if_first_process() {
  if (::getpid() != first) return std::nullopt;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child <= 0) {  // without room for one it works as well as it can
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return std::nullopt;
  }
  while (true) {
    const int signal = ::sigwaitinfo(&all, nullptr);
    if (signal == SIGCHLD) {
      if (const auto code = reap_all(child)) return code;
    } else if (signal > 0) {
      ::kill(child, signal);
    }
  }
}

}  // namespace autoheal::cli
