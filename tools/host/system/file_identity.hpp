// By what a file is known whatever its names are: its device and its inode.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <compare>

namespace autoheal::host {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  [[nodiscard]] static FileIdentity of(const struct stat& status) { return {status.st_dev, status.st_ino}; }
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

}  // namespace autoheal::host
