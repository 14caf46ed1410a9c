// Facts that a record holds besides the targets of its heal: modules that were hashed, programs that may run again,
// releases. Paths are relative to the root, and come from the writer of the record.
#pragma once

#include <map>
#include <set>
#include <string>

#include "autoheal/replay/compare/course.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::cli {

// The modules that were hashed and were there when the heal began, by path.
[[nodiscard]] std::map<std::string, engine::BlobName> other_modules(const replay::Course& course);

// Those below the root that are marked `reproducible`, by path, with the digest of what ran.
[[nodiscard]] std::map<std::string, engine::BlobName> marked_programs(const replay::Course& course,
                                                                      const workflows::EngineSpec& spec);

// By link: the releases that were looked at, and the one that failed.
[[nodiscard]] std::map<std::string, std::set<std::string>> releases_within_reach(const replay::Course& course,
                                                                                 const workflows::EngineSpec& spec);

}  // namespace autoheal::cli
