// Remembers the program of a service's process, so that a process which somebody else has just started is recognised
// before its pidfile names it: a stop script that ends with SIGKILL looks like a crash, and a second start would fight
// the first.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

// Thread-safe. It knows only programs that it saw running.
class KnownPrograms {
 public:
  // The process of the service of `place` (an absolute pidfile) runs.
  void note(const std::string& place, pid_t process);
  // A process of the same program with the same arguments and working folder that began within `time`, among those that
  // the system started last; its service is not known yet. None that is known to be another place's.
  [[nodiscard]] std::optional<pid_t> just_begun(const std::string& place, Duration time) const;

 private:
  struct Program {
    pid_t process = 0;
    std::string file, folder, arguments;
    [[nodiscard]] bool is_like(const Program& other) const {
      return file == other.file && folder == other.folder && arguments == other.arguments;
    }
  };
  [[nodiscard]] static Program program_of(pid_t process);
  [[nodiscard]] bool is_of_another_place(const std::string& place, pid_t process) const;

  mutable std::mutex mutex_;
  std::map<std::string, Program> by_place_;
};

}  // namespace autoheal::host
