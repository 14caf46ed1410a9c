// An SQLite VFS that fails on demand: the disk is full, a sync or some later operation fails. A sync that
// does not fail is one that nobody makes, since no power is cut here; all else is the system's own.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

namespace autoheal::testing {

enum class DiskCall { write, sync, read };

// The answer from now on; SQLITE_OK: pass the call on. One test of a program at a time.
struct Faults {
  int on_log_write = SQLITE_OK;
  int on_log_sync = SQLITE_OK;
  int on_database_sync = SQLITE_OK;

  // The call of this kind that fails: the `countdown`-th from now on, of log and database together; all later ones too
  // where it is for good. Half of what is written then is on the disk.
  struct Later {
    DiskCall call;
    int countdown;
    int code;
    bool for_good = false;
  };
  std::optional<Later> later;
  bool later_came = false;

  [[nodiscard]] int answer(DiskCall call) {
    if (!later || later->call != call || (later_came && !later->for_good)) return SQLITE_OK;
    if (!later_came && --later->countdown > 0) return SQLITE_OK;
    later_came = true;
    return later->code;
  }
};
inline Faults faults;

namespace faulty {

inline const sqlite3_io_methods* original = nullptr;
inline sqlite3_io_methods log_methods;
inline sqlite3_io_methods database_methods;

inline int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const int fault = faults.answer(DiskCall::write);
  if (fault == SQLITE_OK) return original->xWrite(file, bytes, size, offset);
  if (faults.later->code != SQLITE_FULL && size > 1) original->xWrite(file, bytes, size / 2, offset);
  return fault;
}
inline int write_log(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return faults.on_log_write != SQLITE_OK ? faults.on_log_write : write(file, bytes, size, offset);
}
inline int sync() { return faults.answer(DiskCall::sync); }
inline int sync_log(sqlite3_file*, int) { return faults.on_log_sync != SQLITE_OK ? faults.on_log_sync : sync(); }
inline int sync_database(sqlite3_file*, int) {
  return faults.on_database_sync != SQLITE_OK ? faults.on_database_sync : sync();
}
inline int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  const int fault = faults.answer(DiskCall::read);
  return fault != SQLITE_OK ? fault : original->xRead(file, into, size, offset);
}

inline int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int outcome = sqlite3_vfs_find("unix")->xOpen(vfs, name, file, flags, out_flags);
  if (outcome != SQLITE_OK || (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0) return outcome;
  original = file->pMethods;
  const bool log = (flags & SQLITE_OPEN_WAL) != 0;
  sqlite3_io_methods& ours = log ? log_methods : database_methods;
  ours = *original;
  ours.xWrite = log ? write_log : write;
  ours.xSync = log ? sync_log : sync_database;
  ours.xRead = read;
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
