// The operations of the worker process on one foreign database. Errors: corrupt (it is damaged), busy (it stays locked
// for longer than the wait), changed (it is not the one that was observed; nothing was done), else the operation
// failed.
#pragma once

#include <string>

#include "tools/database/database_file.hpp"

namespace autoheal::database {

// A canonical copy that passed the integrity check. The database is locked for reading only while it is copied.
[[nodiscard]] Result<std::string> sound_copy(const DatabaseFile& file);

// Everything in a regular file, up to largest_database.
[[nodiscard]] Result<std::string> read_bytes(const std::string& path);

// A database file that nobody has open, such as a snapshot, as a canonical copy that passed the integrity check.
[[nodiscard]] Result<std::string> read_copy(const std::string& path);

// Writes a canonical copy to a new file `to`, for its owner only, durable when it returns. Returns the copy.
[[nodiscard]] Result<std::string> take_snapshot(const DatabaseFile& file, const std::string& to);

struct RestoreOrder {
  DatabaseFile file;
  std::string from;    // absolute path of a canonical copy
  std::string expect;  // digest of what the database must hold now
};

struct Restored {
  std::string digest, previous;
};

// Replaces the whole content in one transaction, in the journal mode the database has. Other processes go on with it.
[[nodiscard]] Result<Restored> restore_database(const RestoreOrder& order);

// busy: another process has the file open, or may have. A file that is not there is free.
[[nodiscard]] Result<void> nobody_has_open(const std::string& path);

}  // namespace autoheal::database
