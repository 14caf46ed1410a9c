// Starts one program in a session of its own, with nothing of ours but what it is given: its descriptors, its
// environment, its folder, its user. Everything else that is inherited is as for the first process: no signal ignored
// or blocked, umask 022, no favour from the out-of-memory killer. Limits are those that we were started with.
#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::host {

struct ChildPlan {
  std::vector<std::string> argv;         // argv[0] is the path that is executed, unless `program` is
  std::vector<std::string> environment;  // "NAME=value"
  std::string cwd;
  int input = -1, output = -1, error = -1;
  std::optional<Account> become;  // only root can
  // For what may live on: nice value, scheduling class and processors are not ours, either, where that is allowed.
  bool usual_priority = false;
  // For what nobody waits for: it yields processor and disk to all others, and is killed when the thread that started
  // it ends.
  bool in_background = false;
  std::string program{};
  // Called with its process, on a thread of its own, before the program runs, and waited for.
  std::function<void(pid_t)> place{};
  int channel = -1;  // given: the program has it as descriptor `channel_of_child`
};

inline constexpr int channel_of_child = 4;

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
