// The sources of the repairs of a past heal, built again beside its targets: files of secrets, snapshots.
#pragma once

#include <filesystem>

#include "autoheal/replay/compare/course.hpp"
#include "tools/autoheal/reproduce/rebuilt_place.hpp"

namespace autoheal::cli {

inline constexpr const char* sources_folder = "sources";  // in the folder of the incident

// The repairs of `place.spec` draw from the new files afterwards; what could not be built stands in `place.missing`.
void build_secrets(const workflows::Observation& observation, const engine::BlobStore& blobs,
                   const std::filesystem::path& folder, RebuiltPlace& place);
void build_snapshots(const replay::Course& course, const engine::BlobStore& blobs, const std::filesystem::path& folder,
                     RebuiltPlace& place);

// Everything that a tree in the vault names, into an open, empty folder; as one's own where only root could give it
// away.
[[nodiscard]] Result<void> write_kept_tree(int folder, const engine::BlobName& name, const engine::BlobStore& blobs,
                                           RebuiltPlace& place);

}  // namespace autoheal::cli
