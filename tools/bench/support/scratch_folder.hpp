// The folder for a measurement's files: created empty, removed with all its content.
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
