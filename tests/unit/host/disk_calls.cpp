#include "tests/unit/host/disk_calls.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace autoheal::testing {

std::function<Instead(const DiskCall& call)> before_call;
std::function<void(const DiskCall& call)> after_call;

namespace {

bool asking = false;

struct Asking {
  Asking() { asking = true; }
  ~Asking() { asking = false; }
};

template <class... Arguments>
long called(const DiskCall& call, long number, Arguments... arguments) {
  if (asking) return ::syscall(number, arguments...);
  Instead instead = Instead::nothing;
  if (before_call) {
    const Asking guard;
    instead = before_call(call);
  }
  if (instead == Instead::fail) {
    errno = EIO;
    return -1;
  }
  const long result = instead == Instead::done ? 0 : ::syscall(number, arguments...);
  const int problem = errno;
  if (after_call && result >= 0) {
    const Asking guard;
    after_call(call);
  }
  errno = problem;
  return result;
}

}  // namespace

}  // namespace autoheal::testing

using autoheal::testing::called;

extern "C" {
ssize_t write(int file, const void* bytes, std::size_t size) {
  return called({"write", file}, SYS_write, file, bytes, size);
}
int fsync(int file) { return static_cast<int>(called({"fsync", file}, SYS_fsync, file)); }
int fchmod(int file, mode_t mode) noexcept {
  return static_cast<int>(called({"fchmod", file}, SYS_fchmod, file, mode));
}
int fchown(int file, uid_t user, gid_t group) noexcept {
  return static_cast<int>(called({"fchown", file}, SYS_fchown, file, user, group));
}

// Only what may make a file changes the disk.
int openat(int folder, const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
    return static_cast<int>(called({"create", folder, name}, SYS_openat, folder, name, flags, mode));
  }
  return static_cast<int>(::syscall(SYS_openat, folder, name, flags, mode));
}
int open(const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return openat(AT_FDCWD, name, flags, mode);
}

int renameat2(int from, const char* old_name, int to, const char* new_name, unsigned flags) noexcept {
  const char* kind = (flags & RENAME_EXCHANGE) != 0 ? "exchange" : "rename";
  return static_cast<int>(
      called({kind, from, old_name, to, new_name}, SYS_renameat2, from, old_name, to, new_name, flags));
}
int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
  return renameat2(from, old_name, to, new_name, 0);
}
int rename(const char* old_name, const char* new_name) noexcept {
  return renameat2(AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}
int linkat(int from, const char* old_name, int to, const char* new_name, int flags) noexcept {
  return static_cast<int>(
      called({"link", from, old_name, to, new_name}, SYS_linkat, from, old_name, to, new_name, flags));
}
int symlinkat(const char* target, int folder, const char* name) noexcept {
  return static_cast<int>(called({"symlink", folder, name}, SYS_symlinkat, target, folder, name));
}
int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  return static_cast<int>(called({"mkdir", folder, name}, SYS_mkdirat, folder, name, mode));
}
int mkdir(const char* name, mode_t mode) noexcept { return mkdirat(AT_FDCWD, name, mode); }
int unlinkat(int folder, const char* name, int flags) noexcept {
  const char* kind = (flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink";
  return static_cast<int>(called({kind, folder, name}, SYS_unlinkat, folder, name, flags));
}
int unlink(const char* name) noexcept { return unlinkat(AT_FDCWD, name, 0); }
}
