#include "tools/host/service/repaired_programs.hpp"

#include <algorithm>

#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::host {

namespace {

bool is_brought_back_at(const std::string& path, const std::string& place) {
  return path == place || place == "." ||
         (path.starts_with(place) && path.size() > place.size() && path[place.size()] == '/');
}

}  // namespace

bool is_repaired(const workflows::EngineSpec& spec, const std::string& program) {
  const std::string root = spec.root == "/" ? "" : spec.root;
  if (!program.starts_with(root + "/")) return false;
  const std::string path = program.substr(root.size() + 1);
  const auto& repair = spec.repair;
  const auto at = [&](const auto& one) { return is_brought_back_at(path, one.path); };
  if (std::ranges::any_of(repair.files, at) || std::ranges::any_of(repair.links, at) ||
      std::ranges::any_of(repair.policy, at) || std::ranges::any_of(repair.state, at))
    return true;
  const auto of_release = [&](const auto& one) {
    return is_brought_back_at(path, one.link) || is_brought_back_at(path, one.releases);
  };
  const auto built = [&](const auto& one) {
    return std::ranges::any_of(one.outputs,
                               [&](const std::string& pattern) { return workflows::glob_matches(pattern, path); });
  };
  return std::ranges::any_of(repair.release, of_release) || std::ranges::any_of(repair.build, built);
}

}  // namespace autoheal::host
