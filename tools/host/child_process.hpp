// Starts one program in a session of its own, with nothing of ours but what it is given: three descriptors, its
// environment, its folder, its user.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "tools/host/unique_fd.hpp"
#include "tools/host/user_account.hpp"

namespace autoheal::host {

struct ChildPlan {
  std::vector<std::string> argv;         // argv[0] is the path that is executed
  std::vector<std::string> environment;  // "NAME=value"
  std::string cwd;
  int input = -1, output = -1, error = -1;
  std::optional<Account> become;  // only root can
};

struct Child {
  pid_t pid = 0;
  UniqueFd handle;  // pidfd: readable when it has ended; the caller reaps
};

struct StartProblem {
  int error_number = 0;
  std::string message;
};

// Returns once the program is executed, or why it was not; then nothing of it is left. Thread-safe.
[[nodiscard]] std::expected<Child, StartProblem> start_child(const ChildPlan& plan);

}  // namespace autoheal::host
