#include "tools/host/module_hashes.hpp"

#include <algorithm>
#include <set>

#include "engine/digest.hpp"
#include "tools/host/folder_names.hpp"
#include "workflows/glob.hpp"

namespace autoheal::host {

namespace {

using workflows::HashFinding;
using workflows::TargetKind;

// The folder below which everything lies that the pattern could match, and how many folders deep that may be.
struct Reach {
  std::string start = ".";
  std::size_t slashes = 0;  // of a matching path; only where `deep` is false
  bool deep = false;
};

Reach reach_of(std::string_view pattern) {
  Reach reach;
  const auto special = std::min(pattern.find_first_of("*?[\\"), pattern.size());
  const auto slash = pattern.substr(0, special).rfind('/');
  if (slash != std::string_view::npos) reach.start = std::string(pattern.substr(0, slash));
  reach.deep = pattern.find("**") != std::string_view::npos;
  reach.slashes = static_cast<std::size_t>(std::ranges::count(pattern, '/'));
  return reach;
}

Result<void> add_matches(const RootFolder& root, const std::string& pattern, const OwnFiles& own,
                         std::set<std::string>& paths) {
  const Reach reach = reach_of(pattern);
  return walk(root, reach.start, own, [&](const std::string& path, const struct stat& status) -> Result<Walk> {
    if (!S_ISDIR(status.st_mode)) {
      if (workflows::glob_matches(pattern, path)) paths.insert(path);
      return Walk::on;
    }
    const auto slashes = static_cast<std::size_t>(std::ranges::count(path, '/'));
    return reach.deep || path == "." || slashes < reach.slashes ? Walk::on : Walk::not_below;
  });
}

}  // namespace

Result<std::vector<HashFinding>> hash_modules(const RootFolder& root, const workflows::EngineSpec& spec,
                                              const workflows::HashRequest& request, const engine::BlobStore& blobs,
                                              const OwnFiles& own) {
  std::set<std::string> named(request.paths.begin(), request.paths.end());
  std::set<std::string> paths = named;
  for (const std::string& pattern : request.globs) {
    if (!workflows::is_glob(pattern)) {
      named.insert(pattern);
      paths.insert(pattern);
    } else if (auto added = add_matches(root, pattern, own, paths); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  std::vector<HashFinding> findings;
  for (const std::string& path : paths) {
    Look look;
    look.naming = workflows::naming_of_target(spec, path);
    look.aged = true;
    const auto seen = look_at(root, path, look, blobs, own);
    if (!seen) return std::unexpected(seen.error());
    switch (seen->facts.kind) {
      case TargetKind::file:
        findings.push_back({path, seen->facts.digest});
        break;
      case TargetKind::link:
        findings.push_back({path, sha256_name("link:" + seen->facts.link_target)});
        break;
      case TargetKind::absent:
        if (named.contains(path)) findings.push_back({path, {}});
        break;
      default:
        break;
    }
  }
  return findings;
}

}  // namespace autoheal::host
