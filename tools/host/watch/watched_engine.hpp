// The watched paths of one engine, as plain values: made from its configuration, held by the file watch in a compact
// form.
#pragma once

#include <string>
#include <vector>

namespace autoheal::host {

// Paths are relative to the root, lie below it ("." is the root itself) and may be missing.
struct WatchedEngine {
  std::string name;
  std::string root;                        // absolute
  std::vector<std::string> paths;          // a file, a link, or a folder with all that lies in it
  std::vector<std::string> presence = {};  // that it comes, goes, or is dressed otherwise counts, a write does not
  std::vector<std::string> patterns =
      {};  // workflows/text/glob.hpp; what matches counts, in the folders that can hold it
};

// A process that a file below the root names.
struct WatchedProcess {
  std::string engine;
  std::string root;     // absolute
  std::string pidfile;  // relative to the root
  friend bool operator==(const WatchedProcess&, const WatchedProcess&) = default;
};

}  // namespace autoheal::host
