#include "tools/host/service/package_locks.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::host {

namespace {

constexpr std::array<const char*, 3> locks_of_packages = {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
                                                          "/var/lib/rpm/.rpm.lock"};

bool is_locked(const char* path) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return file && ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

bool packages_are_changed() { return std::ranges::any_of(locks_of_packages, is_locked); }

}  // namespace autoheal::host
