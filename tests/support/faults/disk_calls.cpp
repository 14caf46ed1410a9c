#include "tests/support/faults/disk_calls.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace autoheal::testing {

std::function<Instead(const CallToDisk& call)> before_call;
std::function<void(const CallToDisk& call)> after_call;
std::function<Instead(const CallToDisk& call)> before_look;
int why_calls_fail = EIO;

namespace {

bool asking = false;

struct Asking {
  Asking() { asking = true; }
  ~Asking() { asking = false; }
};

template <class... Arguments>
long called(const CallToDisk& call, long number, Arguments... arguments) {
  if (asking) return ::syscall(number, arguments...);
  Instead instead = Instead::nothing;
  if (before_call) {
    const Asking guard;
    instead = before_call(call);
  }
  if (instead == Instead::fail) {
    errno = why_calls_fail;
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

bool look_fails(const CallToDisk& call) {
  if (asking || !before_look) return false;
  const Asking guard;
  const bool fails = before_look(call) == Instead::fail;
  if (fails) errno = why_calls_fail;
  return fails;
}

}  // namespace autoheal::testing

using autoheal::testing::called;
using autoheal::testing::look_fails;

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
  if (look_fails({"open", folder, name})) return -1;
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
int ftruncate(int file, off_t size) noexcept {
  return static_cast<int>(called({"truncate", file}, SYS_ftruncate, file, size));
}
// Tells its problem by its result.
int posix_fallocate(int file, off_t offset, off_t size) {
  static const auto system_call = reinterpret_cast<int (*)(int, off_t, off_t)>(::dlsym(RTLD_NEXT, "posix_fallocate"));
  if (look_fails({"allocate", file})) return errno;
  return system_call(file, offset, size);
}
int utimensat(int folder, const char* name, const timespec times[2], int flags) noexcept {
  return static_cast<int>(called({"touch", folder, name}, SYS_utimensat, folder, name, times, flags));
}

ssize_t pread(int file, void* into, std::size_t size, off_t offset) {
  return look_fails({"read", file}) ? -1 : ::syscall(SYS_pread64, file, into, size, offset);
}
ssize_t read(int file, void* into, std::size_t size) {
  return look_fails({"read", file}) ? -1 : ::syscall(SYS_read, file, into, size);
}
int fstatat(int folder, const char* name, struct stat* seen, int flags) noexcept {
  if (look_fails({"stat", folder, name})) return -1;
  return static_cast<int>(::syscall(SYS_newfstatat, folder, name, seen, flags));
}
int fstat(int file, struct stat* seen) noexcept { return fstatat(file, "", seen, AT_EMPTY_PATH); }
int flock(int file, int operation) noexcept {
  return look_fails({"lock", file}) ? -1 : static_cast<int>(::syscall(SYS_flock, file, operation));
}
ssize_t getrandom(void* into, std::size_t size, unsigned flags) {
  return look_fails({"random", -1}) ? -1 : ::syscall(SYS_getrandom, into, size, flags);
}
DIR* fdopendir(int folder) {
  if (look_fails({"list", folder})) return nullptr;
  static const auto system_call = reinterpret_cast<DIR* (*)(int)>(::dlsym(RTLD_NEXT, "fdopendir"));
  return system_call(folder);
}
}
