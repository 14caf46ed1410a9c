// The names of snapshots that were taken: when, and what they hold, so that a changed one is not taken for what it was.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/blob_store.hpp"

namespace autoheal::host {

struct SnapshotName {
  std::string file;          // "20261124T024500.123456Z.<64 hex>.snapshot"
  engine::BlobName content;  // "sha256:..." of the canonical copy or tree
};

// The newest first. A folder that is not there, or cannot be read, has none; names of any other form are left out.
[[nodiscard]] std::vector<SnapshotName> snapshots_in(const std::string& folder);

// How the name of every snapshot of this content ends.
[[nodiscard]] std::string ending_of(const engine::BlobName& content);
[[nodiscard]] std::string snapshot_name(Timestamp taken, const engine::BlobName& content);

}  // namespace autoheal::host
