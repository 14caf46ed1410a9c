// An SQLite VFS for whoever reads a whole database: pages in the order of the file are read many at a time, since a
// system call for each costs more than what is done with it. Only the store includes this page.
#pragma once

namespace autoheal::store {

// Registers it (once; thread-safe). Its name, for connections that only read. Everything but that is the system's own.
// What was read ahead is forgotten with every lock, so a transaction sees what it would see without.
[[nodiscard]] const char* reading_ahead_vfs();

}  // namespace autoheal::store
