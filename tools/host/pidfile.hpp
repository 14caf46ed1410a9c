// Which process a pidfile names.
#pragma once

#include <sys/types.h>

#include "tools/host/own_files.hpp"
#include "tools/host/root_folder.hpp"

namespace autoheal::host {

// The number in a file of at most 4 KiB, never through a symlink, never blocking on a FIFO; whether such a process runs
// is another question. not_found: no such file; refused: one of Autoheal's own; invalid: it holds no process id.
[[nodiscard]] Result<pid_t> read_pidfile(const RootFolder& root, const std::string& pidfile, const OwnFiles& own);

}  // namespace autoheal::host
