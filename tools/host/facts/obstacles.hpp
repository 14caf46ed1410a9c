// Obstacles to a change of one target, as far as they can be known before it is tried: a plan that names them is better
// than a repair that fails.
#pragma once

#include "autoheal/workflows/plan/observation.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// Fills `cannot_change` and `cannot_replace` of facts that were just read. An unknown is not an obstacle.
void tell_obstacles(const RootFolder& root, workflows::TargetFacts& facts);

// "" where only root and the user who runs Autoheal can write the folders from the root down to the one of `path`; else
// the first that others can write, which could have given any file of the machine a second name there.
[[nodiscard]] std::string folder_of_others(const RootFolder& root, const std::string& path);

// The part of the path that is a symlink or no folder: "etc is a symlink". Empty if there is none.
[[nodiscard]] std::string bad_part_of(const RootFolder& root, const std::string& path);

}  // namespace autoheal::host
