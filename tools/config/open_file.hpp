// A file open for reading, closed when it goes; a FIFO or a terminal in its place does not hold anybody up.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace autoheal::config {

struct OpenFile {
  int number;  // negative: not opened, errno says why
  explicit OpenFile(const std::string& path)
      : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

}  // namespace autoheal::config
