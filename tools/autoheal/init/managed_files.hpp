// The files of a folder that init puts under Autoheal's care, and the good copies they are held against. Looks first
// and changes nothing; copies only when the whole of the configuration is settled.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::cli {

// Limits on what one folder may bring: every command reads all baselines.
inline constexpr std::size_t most_managed_files = 10'000;
inline constexpr std::uint64_t largest_managed_file_bytes = 64ULL << 20U;
inline constexpr std::uint64_t most_managed_bytes = 256ULL << 20U;

struct ManagedFile {
  std::string path;                         // relative to the folder
  std::optional<workflows::FileMode> mode;  // of the target today; empty where it is not there
  std::string owner = {};                   // "user:group" of the target today, by name where there is one
};

struct SkippedFile {
  std::string path, reason;
};

struct ManagedFolder {
  std::string root, baseline;      // absolute
  bool copies = false;             // the baseline is yet to be made of what is there now
  std::vector<ManagedFile> files;  // in order of path
  std::vector<SkippedFile> skipped;
  std::map<std::string, workflows::FileMode> folders;  // that hold files to copy; "." is the folder itself
};

struct ManagedFolderRequest {
  std::string root, baseline;                                // absolute
  std::vector<std::string> own;                              // absolute paths that are left out with all below them
  std::function<bool(const std::string& path)> wanted = {};  // none: every file
};

// not_found: the folder is not there, or holds no file that can be managed; invalid: the baseline is the folder or
// around it, can be written by others, or there is too much. Files that others should not see (keys, env files), that
// are no regular files, are too large, unreadable or have names that cannot be shown are skipped and named.
[[nodiscard]] Result<ManagedFolder> look_at_folder(const ManagedFolderRequest& request);

// Makes the baseline that `folder.copies` asks for, all of it or nothing. Files keep their mode but for what others may
// write; what changed or went since it was looked at is skipped and named. Gives the folders that were made, outermost
// first. unavailable, refused, busy.
[[nodiscard]] Result<std::vector<std::string>> make_baseline(ManagedFolder& folder);

// True for names under which keys, passwords and env files are kept.
[[nodiscard]] bool looks_secret(const std::string& path);

// True if `inner` is `outer` or lies below it; both absolute and normal.
[[nodiscard]] bool lies_in(const std::string& inner, const std::string& outer);

// `path` as the file system has it: absolute, symlinks of what is there resolved.
[[nodiscard]] std::string resolved(const std::string& path);

}  // namespace autoheal::cli
