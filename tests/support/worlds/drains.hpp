// Processes that read what commands left running write (tools/host/process/output_drain.hpp), as a test sees them.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tools/host/system/process_table.hpp"

namespace autoheal::testing {

[[nodiscard]] inline bool is_drain(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  const std::string line(std::istreambuf_iterator<char>(in), {});
  return line == std::string("autoheal\0output-drain\0", 22);
}

[[nodiscard]] inline std::vector<pid_t> drains_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const host::ProcessInfo& one : host::all_processes()) {
    if (one.parent == parent && (is_drain(one.pid) || one.is_dead())) found.push_back(one.pid);
  }
  return found;
}

// The target of a descriptor of a process: "pipe:[4711]", "/dev/null".
[[nodiscard]] inline std::string descriptor_of(pid_t pid, int descriptor) {
  std::error_code gone;
  const auto path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
  return std::filesystem::read_symlink(path, gone).string();
}

// Those that have this pipe open.
[[nodiscard]] inline std::vector<pid_t> drains_of_pipe(const std::string& pipe) {
  std::vector<pid_t> found;
  for (const host::ProcessInfo& one : host::all_processes()) {
    if (!is_drain(one.pid)) continue;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(one.pid) + "/fd", gone)) {
      if (std::filesystem::read_symlink(entry.path(), gone) != pipe) continue;
      found.push_back(one.pid);
      break;
    }
  }
  return found;
}

}  // namespace autoheal::testing
