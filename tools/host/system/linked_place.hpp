// A file of another program's, found through links that lead below an engine's root or to /run, as Debian's /var/run
// does. Repairs never follow a link (root_folder.hpp); a pidfile is only read, and is where its service puts it.
#pragma once

#include <string>
#include <vector>

#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

struct FoundPlace {
  std::string path;  // without links; relative to the root where it lies below it, else absolute
  bool is_below_root = false;
};

struct LinkedPlace {
  UniqueFd file;                  // O_PATH, and no link; closed where nothing is there
  FoundPlace place;               // where it lies or would lie
  std::vector<FoundPlace> links;  // that were followed
};

// `path` is one that check_path allows. refused: it leads elsewhere, goes round in circles, or into `.autoheal`.
[[nodiscard]] Result<LinkedPlace> follow_links(const RootFolder& root, std::string_view path);

}  // namespace autoheal::host
