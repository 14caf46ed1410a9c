// An SQLite VFS that fails on demand: the disk is full, or a sync fails. Everything else is the system's own.
#pragma once

#include <sqlite3.h>

#include <string>

namespace autoheal::testing {

// What to answer from now on; SQLITE_OK: pass it on. One test of a program at a time.
struct Faults {
  int on_log_write = SQLITE_OK;
  int on_log_sync = SQLITE_OK;
  int on_database_sync = SQLITE_OK;
};
inline Faults faults;

namespace faulty {

inline const sqlite3_io_methods* original = nullptr;
inline sqlite3_io_methods log_methods;
inline sqlite3_io_methods database_methods;

inline int write_log(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return faults.on_log_write != SQLITE_OK ? faults.on_log_write : original->xWrite(file, bytes, size, offset);
}
inline int sync_log(sqlite3_file* file, int flags) {
  return faults.on_log_sync != SQLITE_OK ? faults.on_log_sync : original->xSync(file, flags);
}
inline int sync_database(sqlite3_file* file, int flags) {
  return faults.on_database_sync != SQLITE_OK ? faults.on_database_sync : original->xSync(file, flags);
}

inline int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int outcome = sqlite3_vfs_find("unix")->xOpen(vfs, name, file, flags, out_flags);
  if (outcome != SQLITE_OK || (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0) return outcome;
  original = file->pMethods;
  const bool log = (flags & SQLITE_OPEN_WAL) != 0;
  sqlite3_io_methods& ours = log ? log_methods : database_methods;
  ours = *original;
  if (log) {
    ours.xWrite = write_log;
    ours.xSync = sync_log;
  } else {
    ours.xSync = sync_database;
  }
  file->pMethods = &ours;
  return outcome;
}

}  // namespace faulty

// Registers it (once) with no faults; its name for OpenOptions::vfs.
inline std::string faulty_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *sqlite3_vfs_find("unix");
    copy.zName = "faulty";
    copy.xOpen = faulty::open;
    return copy;
  }();
  sqlite3_vfs_register(&vfs, 0);
  faults = {};
  return "faulty";
}

}  // namespace autoheal::testing
