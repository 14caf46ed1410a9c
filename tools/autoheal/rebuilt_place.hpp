// The broken targets of a past heal, built again in a folder of their own: contents, modes, links and, where the caller
// may give files away, owners. What the record does not hold is named, never made up.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "replay/course.hpp"
#include "workflows/engine_spec.hpp"

namespace autoheal::cli {

struct RebuiltPlace {
  workflows::EngineSpec spec;        // as recorded, with its root and the files of its secrets below the folder
  std::string recorded_root;         // where they stood then
  std::set<std::string> paths;       // below the root, as they were when the heal began; also what was absent
  std::vector<std::string> missing;  // a sentence each: what could not be built, and why
  bool owners = true;                // false: all belongs to whoever runs this

  // What is below the recorded root, below the new one; all else as it is.
  [[nodiscard]] std::string moved(const std::string& path) const;
};

// `folder` is absolute, new or empty; it is closed to all others (0700). `course` may come from a stranger: nothing is
// written outside of `folder`, whatever its paths say. invalid: the folder is not empty, or the heal cannot be rebuilt.
[[nodiscard]] Result<RebuiltPlace> rebuild(const replay::Course& course, const workflows::EngineSpec& spec,
                                           const engine::BlobStore& blobs, const std::filesystem::path& folder);

}  // namespace autoheal::cli
