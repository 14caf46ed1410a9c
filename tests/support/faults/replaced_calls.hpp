// System calls of SQLite's own VFS, replaced while a test needs them to go otherwise.
#pragma once

#include <sqlite3.h>

#include <initializer_list>

namespace autoheal::testing {

// For every connection of the process. Calls that this build of SQLite does not use stay as they are.
template <class Function>
void replace_call(const char* name, Function function) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  if (vfs->xGetSystemCall(vfs, name) != nullptr)
    vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(function));
}

inline void put_calls_back(std::initializer_list<const char*> names) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  for (const char* name : names) vfs->xSetSystemCall(vfs, name, nullptr);
}

}  // namespace autoheal::testing
