// Autoheal's own files, known by device and inode without opening them: closing any descriptor of an SQLite database
// drops the process's locks on it.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace autoheal::host {

// The own files as they are at one moment; look again for the next operation, files come and go. Thread-safe.
class OwnFiles {
 public:
  OwnFiles() = default;
  explicit OwnFiles(const std::vector<std::filesystem::path>& paths) : paths_(paths) {
    for (const auto& path : paths) {
      if (const auto found = identity_of(path)) identities_.insert(*found);
    }
  }
  [[nodiscard]] bool contain(const struct stat& file) const {
    const Identity identity{file.st_dev, file.st_ino};
    // One that was replaced meanwhile gives its inode to the next file that is made, which is not ours.
    return identities_.contains(identity) &&
           std::ranges::any_of(paths_, [&](const auto& path) { return identity_of(path) == identity; });
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;
  static std::optional<Identity> identity_of(const std::filesystem::path& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return Identity{found.st_dev, found.st_ino};
  }

  std::vector<std::filesystem::path> paths_;
  std::set<Identity> identities_;
};

}  // namespace autoheal::host
