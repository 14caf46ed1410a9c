// A folder as a whole: a text that names everything in it, so that one digest identifies all of it. Contents and the
// text itself are in the vault; staged_content.hpp writes a folder from them.
#pragma once

#include <set>
#include <string>

#include "autoheal/engine/blob_store.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// The text of everything below an open folder, in order of path: files with mode, owner and digest, folders, links.
// Where `keep_in` is given, contents go there. The folder's own mode and owner are no part of it, nor are `.autoheal/`
// and Autoheal's own files. refused: something that is neither file, folder nor link; changed: a file changes while it
// is read.
[[nodiscard]] Result<std::string> read_tree(int folder, const std::string& path, engine::BlobStore* keep_in,
                                            const OwnFiles& own);

// The same tree as if everything in it belonged to one user, for users who cannot change the owner of a file. corrupt:
// not one of ours.
[[nodiscard]] Result<std::string> tree_owned_by(const std::string& text, std::uint32_t uid, std::uint32_t gid);

// The contents of its files. corrupt: not one of ours.
[[nodiscard]] Result<std::set<engine::BlobName>> contents_of_tree(const std::string& text);

// "sha256:..." of that text: as the vault names it.
[[nodiscard]] engine::BlobName name_of_tree(const std::string& text);

}  // namespace autoheal::host
