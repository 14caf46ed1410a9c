// An SQLite VFS for connections that read a whole database: it reads many pages at a time, in the order of the file,
// because a system call for each page costs more than processing it. Only the store includes this header.
#pragma once

namespace autoheal::store {

// Registers the VFS (once; thread-safe) and returns its name, for connections that only read. Everything else is as in
// the system's own VFS. The pages read ahead are dropped with every lock, so a transaction sees what it would see
// without.
[[nodiscard]] const char* readahead_vfs();

}  // namespace autoheal::store
