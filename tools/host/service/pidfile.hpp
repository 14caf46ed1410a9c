// The process that a pidfile names.
#pragma once

#include <sys/types.h>

#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// The number in the first line of a file of at most 4 KiB, never blocking on a FIFO; links are followed as
// linked_place.hpp says. Whether such a process runs is another question. not_found: no such file; refused: one of
// Autoheal's own, or a link leads elsewhere; invalid: it holds no process id.
[[nodiscard]] Result<pid_t> read_pidfile(const RootFolder& root, const std::string& pidfile, const OwnFiles& own);

}  // namespace autoheal::host
