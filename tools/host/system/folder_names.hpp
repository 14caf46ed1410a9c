// Walks everything below a root: in order of path, never following a symlink, never into `.autoheal/` or a folder of
// Autoheal's own.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <vector>

#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// Names in an open folder, sorted, without "." and "..". `path` is for messages.
[[nodiscard]] Result<std::vector<std::string>> names_in(int folder, const std::string& path);

// A visitor's answer: go on, or not below this folder.
enum class Walk { on, not_below };

// Called with each path and its status; the folder before what is in it.
using Visitor = std::function<Result<Walk>(const std::string& path, const struct stat& status)>;

// Visits `start` ("." is the root) and all below it. A missing `start` is visited by nobody. Ends with the visitor's
// error. invalid: more than 64 folders deep or a million entries.
[[nodiscard]] Result<void> walk(const RootFolder& root, const std::string& start, const OwnFiles& own,
                                const Visitor& visit);

}  // namespace autoheal::host
