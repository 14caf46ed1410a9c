#include "tools/host/facts/module_hashes.hpp"

#include <algorithm>
#include <set>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/supervision/editor_leftovers.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/facts/pattern_matches.hpp"

namespace autoheal::host {

namespace {

using workflows::HashFinding;
using workflows::TargetKind;

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
      continue;
    }
    std::set<std::string> matches;
    AUTOHEAL_TRY(add_matches(root, pattern, own, matches));
    std::erase_if(matches, workflows::is_editor_leftover);
    paths.merge(matches);
  }
  std::vector<HashFinding> findings;
  for (const std::string& path : paths) {
    Look look;
    look.naming = workflows::naming_of_target(spec, path);
    look.aged = true;
    look.rights = false;
    const auto seen = inspect(root, path, look, blobs, own);
    AUTOHEAL_TRY(seen);
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
