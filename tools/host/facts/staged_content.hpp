// Writes the file, link or copy that is to be swapped in: whole, with its mode, owner and attributes, and synced,
// before anybody could see it.
#pragma once

#include "autoheal/workflows/plan/plan.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// Writes `after` under `name` in the open staging folder, replacing what is there: a file, a link, or a folder with all
// that its tree names. Content comes from the vault; from
// the open `old` file (-1: none) where the vault does not hold it and `old` does. `old` also gives its extended
// attributes; file capabilities only where the content stays the same. Access lists are those of `after`, never any
// that a folder would hand down. unavailable: no space; refused: not allowed to give it away to its owner; not_found:
// the content is nowhere.
[[nodiscard]] Result<void> stage(int staging, const std::string& name, const workflows::TargetAfter& after, int old,
                                 bool same_content, const engine::BlobStore& blobs);

// Owner, then mode, of what was just made, and a sync. refused: not allowed to give it away.
[[nodiscard]] Result<void> dress(int descriptor, const workflows::TargetAfter& after);

// Writes everything the text names into an open, empty folder, and syncs it. not_found: a content is not in the vault;
// corrupt: the text is not one of ours.
[[nodiscard]] Result<void> write_tree(int folder, const std::string& text, const engine::BlobStore& blobs);

}  // namespace autoheal::host
