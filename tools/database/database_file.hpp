// A database that belongs to somebody else: which file is meant, and connections to that very file. Only in the worker
// process: closing any descriptor of the file drops the locks that its process holds on it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/database/connection.hpp"

namespace autoheal::database {

struct DatabaseFile {
  std::string folder;  // absolute, without links
  std::string name;
  dev_t device = 0;
  ino_t inode = 0;
  std::chrono::milliseconds busy{0};  // how long a lock is waited for

  [[nodiscard]] std::string path() const { return folder + "/" + name; }
};

enum class Access { read, write };

// All of these answer `changed` where another file, or none, has the name now.

// corrupt: it is empty (SQLite would delete the log of such a file).
[[nodiscard]] Result<std::uint64_t> size_of(const DatabaseFile& file);
// A descriptor for reading; it must outlive every connection of this process.
[[nodiscard]] Result<UniqueFd> open_raw(const DatabaseFile& file);
// `write` falls back to a connection that can only read. Nothing is locked yet.
[[nodiscard]] Result<Connection> connect(const DatabaseFile& file, Access access);

}  // namespace autoheal::database
