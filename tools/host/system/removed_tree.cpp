#include "tools/host/system/removed_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

Result<void> remove_tree(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return system_failure("removing " + name, errno);
  const UniqueFd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below) return system_failure("removing " + name, errno);
  const auto names = names_in(below.get(), name);
  AUTOHEAL_TRY(names);
  for (const std::string& one : *names) {
    if (auto removed = remove_tree(below.get(), one); !removed) return removed;
  }
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return system_failure("removing " + name, errno);
  return {};
}

}  // namespace autoheal::host
