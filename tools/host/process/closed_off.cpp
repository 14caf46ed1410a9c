#include "tools/host/process/closed_off.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

bool write_to(const char* path, std::string_view text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string only(unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; }

// Nobody but root may make the other namespaces, unless within a user namespace of one's own.
int separate() {
  if (::geteuid() == 0) return ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 ? 0 : errno;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return errno;
  const bool mapped = write_to("/proc/self/setgroups", "deny") && write_to("/proc/self/uid_map", only(uid)) &&
                      write_to("/proc/self/gid_map", only(gid));
  return mapped ? 0 : errno;
}

int make_the_rest_read_only(const std::string& folder) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  if (::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return errno;
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) != 0) return errno;
  mount_attr writable{};
  writable.attr_clr = MOUNT_ATTR_RDONLY;
  return ::mount_setattr(AT_FDCWD, folder.c_str(), AT_RECURSIVE, &writable, sizeof writable) == 0 ? 0 : errno;
}

}  // namespace

ClosedOff close_off(const std::string& writable_folder) {
  if (const int refused = separate(); refused != 0) return {reason_of(refused), reason_of(refused)};
  const int refused = make_the_rest_read_only(writable_folder);
  return {{}, refused == 0 ? std::string() : reason_of(refused)};
}

}  // namespace autoheal::host
