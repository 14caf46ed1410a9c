#include "tools/autoheal/reproduce/rebuilt_place.hpp"

namespace autoheal::cli {

std::string RebuiltPlace::moved(const std::string& path) const {
  if (path == recorded_root) return spec.root;
  const std::string below = recorded_root.ends_with('/') ? recorded_root : recorded_root + "/";
  return path.starts_with(below) ? spec.root + "/" + path.substr(below.size()) : path;
}

}  // namespace autoheal::cli
