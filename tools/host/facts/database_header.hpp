// Reads the first bytes of an SQLite database without opening it. The journal mode is not content, so a canonical copy
// leaves it out; a database that is replaced by one keeps its mode.
#pragma once

#include <optional>
#include <string>

#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// 1: UTF-8, 2 and 3: UTF-16; of a canonical copy.
[[nodiscard]] unsigned encoding_of(const std::string& copy);
// The same copy, which a program that opens it finds in write-ahead log mode.
[[nodiscard]] std::string in_log_mode(std::string copy);

// Whether the database below the root is in write-ahead log mode. Empty: neither the rest of the header nor a log
// beside it says.
[[nodiscard]] std::optional<bool> keeps_log(const RootFolder& root, const std::string& path);

// Whether the database that a snapshot was taken of was in that mode: noted with it, or said by the file itself.
[[nodiscard]] bool was_in_log_mode(const std::string& snapshot);
// Notes it with a snapshot; where the file system takes no note there is none.
void note_log_mode(int snapshot);

}  // namespace autoheal::host
