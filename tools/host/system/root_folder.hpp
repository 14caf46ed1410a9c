// An engine's root, held open: every path is taken relative to its descriptor, beneath it and without following
// symlinks (openat2), so that no swap of a folder for a link can lead a repair elsewhere.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::host {

// Where Autoheal stages files, below each root; never a target, never hashed or scanned.
inline constexpr std::string_view staging_name = ".autoheal";

// The folder of a path, open for reading, and its last component.
struct Place {
  UniqueFd folder;
  std::string name;
};

// Thread-safe once open.
class RootFolder {
 public:
  // `path` is absolute and may itself lead through symlinks: it is the owner's word. not_found, refused.
  [[nodiscard]] static Result<RootFolder> open(const std::string& path);

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

  // `path` opened with `flags` (O_CLOEXEC is added); "." is the root itself. invalid: see check_path; refused: a
  // symlink stands in the path.
  [[nodiscard]] Result<UniqueFd> open_below(std::string_view path, int flags) const;
  // not_found: the folder is not there.
  [[nodiscard]] Result<Place> place_of(std::string_view path) const;

 private:
  RootFolder(UniqueFd descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  UniqueFd descriptor_;
  std::string path_;
};

// invalid: a path that is empty, absolute, too long, has an empty, "." or ".." component or a zero byte, or lies in
// `.autoheal`.
[[nodiscard]] Result<void> check_path(std::string_view path);

}  // namespace autoheal::host
