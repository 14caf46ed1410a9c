// System calls of SQLite's own VFS that fail: a disk that cannot be read, a lock that cannot be had. Unlike a VFS of
// its own this reaches every connection of the process.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "tests/support/faults/replaced_calls.hpp"

namespace autoheal::testing {

enum class FailingCall { read, open, lock, map };

// While it lives, the `countdown`-th call of this kind fails, and all later ones where it is for good. One at a time;
// threads may share it. SQLite takes a read that fails with EIO for damage of the file, and with anything else, as the
// one that is the default, for a disk that is not there now.
class FailingCalls {
 public:
  FailingCalls(FailingCall call, int countdown, bool for_good, int error = ESTALE) {
    for_good_ = for_good;
    error_ = error;
    countdown_ = countdown;
    switch (call) {
      case FailingCall::read:
        replace_call("pread", &read_at);
        replace_call("pread64", &read_at);
        replace_call("read", &read_on);
        break;
      case FailingCall::open:
        replace_call("open", &open_file);
        break;
      case FailingCall::lock:
        replace_call("fcntl", &lock_file);
        break;
      case FailingCall::map:
        replace_call("mmap", &map_file);
        break;
    }
  }
  ~FailingCalls() { put_calls_back({"pread", "pread64", "read", "open", "fcntl", "mmap"}); }
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  // Whether that call was made.
  [[nodiscard]] bool came() const { return countdown_ <= 0; }

 private:
  static bool fails() {
    const int left = --countdown_;
    if (left != 0 && !(left < 0 && for_good_)) return false;
    errno = error_;
    return true;
  }
  static ssize_t read_at(int file, void* into, std::size_t size, off_t offset) {
    return fails() ? -1 : ::pread(file, into, size, offset);
  }
  static ssize_t read_on(int file, void* into, std::size_t size) { return fails() ? -1 : ::read(file, into, size); }
  static int open_file(const char* path, int flags, int mode) { return fails() ? -1 : ::open(path, flags, mode); }
  static int lock_file(int file, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fails() ? -1 : ::fcntl(file, command, argument);
  }
  static void* map_file(void* where, std::size_t size, int protection, int flags, int file, off_t offset) {
    return fails() ? MAP_FAILED : ::mmap(where, size, protection, flags, file, offset);
  }

  inline static std::atomic<int> countdown_ = 0;
  inline static std::atomic<bool> for_good_ = false;
  inline static std::atomic<int> error_ = ESTALE;
};

}  // namespace autoheal::testing
