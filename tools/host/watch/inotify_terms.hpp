// The events of inotify in the words of the file watch, and the kernel's settings for sentences.
#pragma once

#include <sys/inotify.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace autoheal::host {

inline constexpr std::uint32_t event_structure = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
inline constexpr std::uint32_t event_gone_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;
inline constexpr std::uint32_t event_writes = IN_MODIFY | IN_CLOSE_WRITE;
// Never replaces the mask of a folder that another engine watches for more.
inline constexpr std::uint32_t structure_mask =
    event_structure | IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR | IN_MASK_ADD;

// "/proc/sys/fs/inotify/<name> is <value>".
[[nodiscard]] inline std::string inotify_setting(const std::string& name) {
  const std::string path = "/proc/sys/fs/inotify/" + name;
  std::string value;
  std::ifstream(path) >> value;
  return path + " is " + (value.empty() ? "unknown" : value);
}

}  // namespace autoheal::host
