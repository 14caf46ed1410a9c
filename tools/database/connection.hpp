// SQLite's handles, each with one owner, and its codes as errors: `corrupt` is a damaged database, `busy` one that
// somebody else holds. Plain C API: the online backup must be taken step by step.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::database {

// "<what>: <SQLite's words>", on one line and never long.
[[nodiscard]] std::unexpected<Error> sqlite_failure(int code, const std::string& what, const std::string& words = {});

class Connection {
 public:
  // `flags` as sqlite3_open_v2 takes them; a symlink anywhere in the path is refused. Nothing is locked yet.
  [[nodiscard]] static Result<Connection> open(const std::string& path, int flags);
  [[nodiscard]] static Result<Connection> in_memory();
  // A whole database file in memory, read-only; `bytes` outlive the connection.
  [[nodiscard]] static Result<Connection> over(const std::string& bytes);

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  // From now on each lock is waited for this long at most.
  void wait(std::chrono::milliseconds busy) const;
  // A log that others left stays as it is: the last one to close would empty it into the database, or drop it with one
  // that is damaged.
  void leave_log() const;
  // The first column of the first row as text; empty if there is no row.
  [[nodiscard]] Result<std::string> ask(const char* sql) const;
  // Opens a transaction whose reads all see the same content.
  [[nodiscard]] Result<void> begin_reading() const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Closer> handle_;
};

// An online backup of a whole database. Its target connection is not used otherwise as long as it lives. An unfinished
// copy is undone.
class Backup {
 public:
  [[nodiscard]] static Result<Backup> start(const Connection& target, const Connection& source);
  // Takes the target's write lock, in rollback-journal modes its exclusive lock, without copying anything. Waits as
  // long as the target's connection does.
  [[nodiscard]] Result<void> lock_target();
  // Copies everything and commits.
  [[nodiscard]] Result<void> copy();

 private:
  struct Finisher {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
  };
  explicit Backup(sqlite3_backup* backup) : backup_(backup) {}
  std::unique_ptr<sqlite3_backup, Finisher> backup_;
};

}  // namespace autoheal::database
