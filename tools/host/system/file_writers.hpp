// Processes that have a file open for writing, by device and inode: all that /proc lets this process inspect.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/host/system/file_identity.hpp"

namespace autoheal::host {

struct FileWriter {
  pid_t pid = 0;
  std::string program;  // as the kernel calls it
  bool mapped = false;  // it holds no descriptor any more, but a shared mapping that it may write to
  friend bool operator==(const FileWriter&, const FileWriter&) = default;
};

struct FileWriters {
  std::map<FileIdentity, std::vector<FileWriter>> of;  // those that somebody has open for writing
  bool saw_all = true;  // false: some process may not be looked into (of another user, no CAP_SYS_PTRACE)
};

// Thread-safe. A process that comes or goes meanwhile may be missed.
[[nodiscard]] FileWriters find_writers(const std::set<FileIdentity>& files);

// "pid 12 (vim)", "pid 12 (vim) and 2 more".
[[nodiscard]] std::string text_of(const std::vector<FileWriter>& writers);

}  // namespace autoheal::host
