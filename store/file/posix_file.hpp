// The few system calls the store makes on plain files, with errors as values: whole writes, syncs, owned descriptors.
// Never used on a ledger that SQLite has open: closing any descriptor of it would drop SQLite's locks.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::store {

using FileDescriptor = UniqueFd;

// "<what>: <the system's words>"; unavailable, or fatal for an I/O error. Without a number, call it right after the
// call that failed.
[[nodiscard]] Error system_error(const std::string& what, int error_number = errno);
// All of `content`, whatever short writes and interruptions there are.
[[nodiscard]] Result<void> write_all(int descriptor, std::string_view content, const std::string& what);
// At most `size` bytes at `offset`, fewer only at the end of the file.
[[nodiscard]] Result<std::size_t> read_at(int descriptor, char* into, std::size_t size, std::uint64_t offset,
                                          const std::string& what);
// fsync. A failure is fatal: what was written before may be gone although a second try succeeds.
[[nodiscard]] Result<void> sync_file(int descriptor, const std::string& what);
// Makes names in `folder` durable.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);
// Makes the name `file` itself durable, in the working folder where it names no other.
[[nodiscard]] Result<void> sync_folder_of(const std::filesystem::path& file);
// Opens a folder without following a link in its last part.
[[nodiscard]] Result<FileDescriptor> open_folder(const std::filesystem::path& folder);

// Puts `content` in place of `path`, whole and durable or not at all; through `<path>.new`, which no link may stand
// for. Folder and group stay those of the folder, the mode is `mode` whatever the umask says.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

// A small file that is no link, with who may touch it; empty if nothing is there. invalid: no regular file, or
// larger than `most_bytes`.
struct SmallFile {
  std::string content;
  uid_t owner = 0;
  mode_t mode = 0;
};
[[nodiscard]] Result<std::optional<SmallFile>> read_small_file(const std::filesystem::path& path,
                                                               std::size_t most_bytes);

}  // namespace autoheal::store
