#include "tools/host/facts/pattern_matches.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "autoheal/workflows/plan/strategy.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/system/folder_names.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetKind;

constexpr std::size_t largest_output = 1U << 30U;  // the vault has a limit of its own

// Visits what could match: below the pattern's fixed part, no deeper than it reaches.
Result<void> walk_reach(const RootFolder& root, const std::string& pattern, const OwnFiles& own,
                        const std::function<void(const std::string& path, bool folder)>& found) {
  const bool deep = pattern.find("**") != std::string::npos;
  const auto reach = std::ranges::count(pattern, '/');
  return walk(root, workflows::fixed_part(pattern), own,
              [&](const std::string& path, const struct stat& status) -> Result<Walk> {
                const bool folder = S_ISDIR(status.st_mode);
                found(path, folder);
                return deep || path == "." || std::ranges::count(path, '/') < reach ? Walk::on : Walk::not_below;
              });
}

void add_folders_above(const std::string& path, std::set<std::string>& paths) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    paths.insert(path.substr(0, slash));
}

}  // namespace

Result<void> add_matches(const RootFolder& root, const std::string& pattern, const OwnFiles& own,
                         std::set<std::string>& paths) {
  return walk_reach(root, pattern, own, [&](const std::string& path, bool folder) {
    if (!folder && workflows::glob_matches(pattern, path)) paths.insert(path);
  });
}

Result<std::vector<TargetFacts>> look_at_outputs(const RootFolder& root, const workflows::EngineSpec& spec,
                                                 const std::vector<std::string>& patterns,
                                                 const engine::BlobStore& names, engine::BlobStore* keep_in,
                                                 const OwnFiles& own) {
  std::set<std::string> paths;
  for (const std::string& pattern : patterns) {
    add_folders_above(workflows::fixed_part(pattern), paths);
    if (!workflows::is_glob(pattern)) {
      paths.insert(pattern);
      continue;
    }
    if (const std::string start = workflows::fixed_part(pattern); start != ".") paths.insert(start);
    auto walked = walk_reach(root, pattern, own, [&](const std::string& path, bool folder) {
      if (path != "." && (folder || workflows::glob_matches(pattern, path))) paths.insert(path);
    });
    AUTOHEAL_TRY(walked);
  }
  std::vector<TargetFacts> outputs;
  for (const std::string& path : paths) {
    Look look;
    look.naming = workflows::naming_of_target(spec, path);
    look.keep_content = keep_in != nullptr;
    look.limit = largest_output;
    look.aged = true;
    auto seen = inspect(root, path, look, names, own);
    AUTOHEAL_TRY(seen);
    if (keep_in != nullptr && seen->facts.kind == TargetKind::file) {
      if (const auto kept = keep_in->put(seen->content, look.naming); !kept) {
        return failure(kept.error().kind, fmt::format("{} is an output of a build and could not be put back: {}", path,
                                                      kept.error().message));
      }
    }
    outputs.push_back(std::move(seen->facts));
  }
  return outputs;
}

}  // namespace autoheal::host
