// Access lists (POSIX ACLs) as text, and what they let whom do: a list that names users or groups makes the group bits
// of the mode a mask, so that a mode alone says neither what it grants nor what a change of it would grant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// Text as this file reads and writes it: "group::r--,user:33:rw-", ids only, in the order of the kernel. A file's
// list leaves out entries that the mode tells anyway (user::, mask::, other::); a folder's list for new files has all
// of it.
struct AccessEntry {
  enum class Tag { owner, user, group, mask, other };
  Tag tag = Tag::user;
  std::string id;  // of `user`, and of `group` but for the owning one
  unsigned rights = 0;
  friend bool operator==(const AccessEntry&, const AccessEntry&) = default;
};
// Leaves out text that is no entry: the host wrote the text.
[[nodiscard]] std::vector<AccessEntry> entries_of(std::string_view acl);
[[nodiscard]] std::string text_of(const std::vector<AccessEntry>& entries);

// Named users and groups that could do more with the second list and mode than with the first: "user:33 (--- to r--)".
[[nodiscard]] std::vector<std::string> widened_by(const std::string& acl, FileMode before, FileMode after);

// The mode once the list is gone: the owning group keeps what it could do, and gets no more.
[[nodiscard]] FileMode mode_without_list(FileMode mode, const std::string& acl);

// A declared list on a file of `mode`, and the mode that goes with it. The mask is what is declared; else the group
// bits of a declared mode, or all that the entries ask for, as setfacl has it. Where nothing is said of the owning
// group it keeps the group bits of `held` (mode_without_list), but no more than a declared mode has.
struct ListAndMode {
  std::string acl;
  FileMode mode = 0;
  friend bool operator==(const ListAndMode&, const ListAndMode&) = default;
};
[[nodiscard]] ListAndMode with_list(const std::string& declared, FileMode mode, FileMode held, bool mode_is_declared);

// The list and mode that the kernel would give to something new of `mode` in a folder with this list for new files.
// Where the mode is declared it stays, and nobody who is named gets more than the list allows.
[[nodiscard]] ListAndMode inherited(const std::string& default_acl, FileMode mode, bool mode_is_declared);

}  // namespace autoheal::workflows
