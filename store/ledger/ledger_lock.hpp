// One owner per ledger: only the holder of `<ledger>.lock` opens the database for writing.
#pragma once

#include <filesystem>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

// Held until destroyed, and by children between fork and exec. Not thread-safe.
class LedgerLock {
 public:
  // Tries for `wait`; where that is not zero, up to 30 s while the owner named in the file is dead: a child of his
  // between fork and exec still holds it. busy: another process has it, named by its pid; unavailable: the lock file
  // cannot be made.
  [[nodiscard]] static Result<LedgerLock> acquire(const std::filesystem::path& ledger, Duration wait);
  // The file itself, too: by a link, a hard link or a mount it has another name, and beside that another lock. Before
  // SQLite opens it and until after that is closed. busy: another process owns it under such a name. Nothing is held
  // where the file system makes these locks SQLite's own (NFS, SMB).
  [[nodiscard]] Result<void> hold_file(const std::filesystem::path& ledger, Duration wait);

 private:
  explicit LedgerLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
  FileDescriptor ledger_;
};

}  // namespace autoheal::store
