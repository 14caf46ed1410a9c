// One healer per root: two ledgers whose engines share a folder must not repair it at the same time. The lock file is
// in the staging folder and is held from the first repair until the process ends.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// Thread-safe.
class RootLocks {
 public:
  // Takes the root's lock unless this process has it already; tried for one second, since a child between fork and exec
  // may still hold a dead owner's. busy: another process repairs below this root.
  [[nodiscard]] Result<void> hold(const RootFolder& root);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, UniqueFd> held_;  // by device and inode of the root
};

}  // namespace autoheal::host
