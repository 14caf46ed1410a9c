// The real program, run as people run it: arguments, environment and stdin in; exit code, stdout and stderr out.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace autoheal::testing {

struct Ran {
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string out, err;
};

struct Invocation {
  std::vector<std::string> arguments;              // argv[0] is the program
  std::map<std::string, std::string> environment;  // beside PATH and HOME
  std::string input;
  std::string folder;  // where it runs; empty: here
};

// True under `tools/test --long`: try more moments, more rounds.
[[nodiscard]] bool long_runs();

// How far apart the moments are that a test tries: each one in long runs, `usual` else, and thrice that under a
// sanitizer, where each takes many times as long.
[[nodiscard]] inline unsigned stride(unsigned usual) {
#ifdef AUTOHEAL_SANITIZED
  usual *= 3;
#endif
  return long_runs() ? 1 : usual;
}

// Runs to its end.
[[nodiscard]] Ran run(const Invocation& invocation);

// A program that runs beside the test. Ended (SIGKILL) and reaped when it goes.
class Background {
 public:
  explicit Background(const Invocation& invocation);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  void send(int signal) const;
  [[nodiscard]] int wait();  // its exit code
  // Ends it with `signal`; true if the kernel wrote a core dump of it.
  [[nodiscard]] bool leaves_core_dump(int signal);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

}  // namespace autoheal::testing
