// Determines for how long a file has not changed, and whether it may be displaced although a program has it open.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

[[nodiscard]] std::int64_t wall_clock_ns();

// By its ctime, which every write moves. One that lies ahead was set before the clock was put back: long ago.
[[nodiscard]] Duration unchanged_for(const struct stat& status, std::int64_t now_ns);

// For a file whose content is to be replaced. changed: a program is writing it; busy: a program has it open, and the
// repair waits for it; refused: a program has it open. The message names the program. `in_use`: the kernel says that
// the file is open.
[[nodiscard]] Result<void> may_be_displaced(const struct stat& status, const std::string& path,
                                            workflows::OpenWriters rule, std::int64_t now_ns, bool in_use = false);

// Those of `paths` that somebody is at work on, by the rule. Processes are looked into only where one of them could be.
[[nodiscard]] std::vector<workflows::FileInWriting> files_in_writing(const RootFolder& root,
                                                                     const std::vector<std::string>& paths,
                                                                     const workflows::WritingQuestion& question,
                                                                     workflows::OpenWriters rule, std::int64_t now_ns,
                                                                     const OwnFiles& own);

}  // namespace autoheal::host
