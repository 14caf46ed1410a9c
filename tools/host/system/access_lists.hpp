// Access lists (POSIX ACLs) of files and folders, read and set through a descriptor that may be an O_PATH one: what
// they belong to need not be a file that can be opened. As text, as workflows/spec/access_list.hpp has it. libacl ends
// here.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

// The path that leads to what a descriptor has open, whatever it is and whatever may be done with it.
[[nodiscard]] std::string path_of_open(int descriptor);

// Empty if there is none, or where the file system has no access lists.
[[nodiscard]] Result<std::string> access_list_of(int descriptor);
// The list that new files in a folder inherit, all entries.
[[nodiscard]] Result<std::string> default_list_of(int descriptor);

// `mode` is the one it has now: its bits go into the list. An empty list takes it off, and leaves the mode.
[[nodiscard]] Result<void> set_access_list(int descriptor, const std::string& acl, unsigned mode);
[[nodiscard]] Result<void> set_default_list(int descriptor, const std::string& acl);

// Entries as a person writes them ("u:www-data:r,group::rw"), with ids for names. invalid: what is none of
// `user:NAME:`, `group:NAME:`, `group::` and `mask::`, or a name that nobody has.
[[nodiscard]] Result<std::string> resolved_list(const std::string& entries);

}  // namespace autoheal::host
