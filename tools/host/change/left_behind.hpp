// Files in an engine's staging folder: staged files of open heals, and displaced ones that could not go to the vault.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "tools/host/change/staging_folder.hpp"

namespace autoheal::host {

struct LeftBehind {
  std::string path;          // below the root
  std::optional<Slot> slot;  // unset: it is none of ours
  std::string ledger, heal;  // of which it is, where its name tells
  unsigned number = 0;       // of the change within its attempt's plan
  std::uint64_t bytes = 0;   // of a folder: of all that lies below it
  Duration age{0};           // since it was put there
};

// In order of path; the lock is left out. Empty if no repair ever needed the folder. refused, failed: it cannot be
// looked into by this user.
[[nodiscard]] Result<std::vector<LeftBehind>> left_behind(const std::string& root);

}  // namespace autoheal::host
