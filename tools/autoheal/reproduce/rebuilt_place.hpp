// The broken targets of a past heal, built again in a folder of their own: contents, modes, links and, where the caller
// may give files away, owners. Content that the record does not hold is named, never made up.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::cli {

struct RebuiltPlace {
  workflows::EngineSpec spec;          // as recorded, with its root and the files of its secrets below the folder
  std::string recorded_root;           // where they stood then
  std::set<std::string> paths;         // below the root, as they were when the heal began; also what was absent
  std::set<std::string> guessed;       // those of which only the content is known, not the mode
  std::vector<std::string> missing;    // a sentence each: what could not be built, and why
  std::vector<std::string> stand_ins;  // what only looks as it did: no matter to Autoheal, but to programs
  bool owners = true;                  // false: all belongs to the user who runs this

  // Names that differ between here and then. Trees by digest, since their owners are part of it; links to releases by
  // path, with how both begin; folders that stand in messages.
  std::map<engine::BlobName, engine::BlobName> trees;
  std::map<std::string, std::pair<std::string, std::string>> links;
  std::vector<std::pair<std::string, std::string>> texts;

  // Maps a path below the recorded root to the new root; any other stays as it is.
  [[nodiscard]] std::string moved(const std::string& path) const;
};

}  // namespace autoheal::cli
