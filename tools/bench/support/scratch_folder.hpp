// Where a measurement keeps its files: made fresh, removed with all that lies in it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace autoheal::bench {

struct ScratchFolder {
  std::filesystem::path path;  // absolute

  explicit ScratchFolder(const std::string& name)
      : path(std::filesystem::absolute(name + "." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
};

}  // namespace autoheal::bench
