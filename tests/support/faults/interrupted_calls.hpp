// System calls of SQLite's own VFS that are interrupted by signals and do a part of what they were asked to, as
// write(2) and read(2) allow: nobody may notice.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "tests/support/faults/replaced_calls.hpp"

namespace autoheal::testing {

// While it lives, of every 3 * `each` calls one is interrupted and one done by half. One at a time, one thread.
class InterruptedCalls {
 public:
  explicit InterruptedCalls(unsigned each) {
    each_ = each;
    count_ = calls_ = 0;
    replace_call("pread", &pread_again);
    replace_call("pread64", &pread_again);
    replace_call("read", &read_again);
    replace_call("pwrite", &pwrite_again);
    replace_call("pwrite64", &pwrite_again);
    replace_call("write", &write_again);
    replace_call("ftruncate", &ftruncate_again);
  }
  ~InterruptedCalls() { put_calls_back({"pread", "pread64", "read", "pwrite", "pwrite64", "write", "ftruncate"}); }
  InterruptedCalls(const InterruptedCalls&) = delete;
  InterruptedCalls& operator=(const InterruptedCalls&) = delete;

  // How many calls were interrupted or cut.
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  enum class Turn { whole, half, interrupted };
  static Turn next() {
    const unsigned turn = ++calls_ % (3 * each_);
    if (turn != 0 && turn != each_) return Turn::whole;
    ++count_;
    if (turn == 0) return Turn::half;
    errno = EINTR;
    return Turn::interrupted;
  }
  template <class Call>
  static ssize_t part(std::size_t size, Call call) {
    const Turn turn = next();
    if (turn == Turn::interrupted) return -1;
    return call(turn == Turn::half && size > 1 ? size / 2 : size);
  }
  static ssize_t pread_again(int file, void* into, std::size_t size, off_t offset) {
    return part(size, [&](std::size_t bytes) { return ::pread(file, into, bytes, offset); });
  }
  static ssize_t read_again(int file, void* into, std::size_t size) {
    return part(size, [&](std::size_t bytes) { return ::read(file, into, bytes); });
  }
  static ssize_t pwrite_again(int file, const void* from, std::size_t size, off_t offset) {
    return part(size, [&](std::size_t bytes) { return ::pwrite(file, from, bytes, offset); });
  }
  static ssize_t write_again(int file, const void* from, std::size_t size) {
    return part(size, [&](std::size_t bytes) { return ::write(file, from, bytes); });
  }
  static int ftruncate_again(int file, off_t size) {
    return next() == Turn::interrupted ? -1 : ::ftruncate(file, size);
  }

  inline static unsigned each_ = 1, calls_ = 0;
  inline static std::size_t count_ = 0;
};

}  // namespace autoheal::testing
