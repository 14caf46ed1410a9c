// Autoheal's own files, known by device and inode without opening them: closing any descriptor of an SQLite database
// drops the process's locks on it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <utility>
#include <vector>

namespace autoheal::host {

// The own files as they are at one moment; look again for the next operation, files come and go. Thread-safe.
class OwnFiles {
 public:
  OwnFiles() = default;
  explicit OwnFiles(const std::vector<std::filesystem::path>& paths) {
    for (const auto& path : paths) {
      struct stat found {};
      if (::stat(path.c_str(), &found) == 0) identities_.emplace(found.st_dev, found.st_ino);
    }
  }
  [[nodiscard]] bool contain(const struct stat& file) const { return identities_.contains({file.st_dev, file.st_ino}); }

 private:
  std::set<std::pair<dev_t, ino_t>> identities_;
};

}  // namespace autoheal::host
