// The file of a program, before and after it is started: who could have written it, what it holds, and whether what
// runs is what was hashed.
#pragma once

#include <sys/types.h>

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

struct ProgramFile {
  std::string path;
  std::string sha256;  // "sha256:..."
  dev_t device = 0;
  ino_t inode = 0;
  long long ctime_ns = 0;
  bool is_script = false;  // begins with "#!"
};

// Opens and hashes the program at the absolute `path`, following symlinks step by step. refused: it, or a folder on the
// way, belongs to or can be written by somebody other than root, the running user and `user` (sticky folders excepted);
// invalid: no regular file, not executable, empty; not_found.
[[nodiscard]] Result<ProgramFile> open_program(const std::string& path, uid_t user);

// True if the path still names the inode that was hashed, unchanged.
[[nodiscard]] bool is_still(const ProgramFile& program);

// True if the started process runs what was hashed. A program that replaced itself by another one since is in order as
// long as its path still names what was hashed.
[[nodiscard]] bool is_running(const ProgramFile& program, pid_t pid);

}  // namespace autoheal::host
