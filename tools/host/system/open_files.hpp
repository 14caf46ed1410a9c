// Processes that have a file open, from /proc: they hold up a repair, or write to a file that was replaced under them.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "tools/host/system/file_identity.hpp"

namespace autoheal::host {

struct OpenBy {
  pid_t pid = 0;
  std::string program;  // its path, or its name if that cannot be told
  bool writes = false;  // it was opened for writing
};

struct OpenFiles {
  std::map<FileIdentity, std::vector<OpenBy>> by_file;  // of those asked for, each process once
  std::size_t unseen = 0;                               // processes of others that this user cannot look into
};

// One look at all processes; this one is left out. Memory mappings count as what they were opened as.
[[nodiscard]] OpenFiles open_files(const std::vector<FileIdentity>& wanted);

}  // namespace autoheal::host
