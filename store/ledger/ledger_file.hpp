// Creates a ledger's file, and tells a new ledger from one that was lost. Only the store includes this header.
#pragma once

#include <filesystem>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

enum class LedgerFile { present, absent };

// absent: nothing is there and nothing says that there ever was. unavailable: the file is missing or empty although its
// key, vault, checkpoints or write-ahead log stand beside it, or it is not a regular file. Opens nothing.
[[nodiscard]] Result<LedgerFile> look_at_ledger(const std::filesystem::path& path);

// Writes `<path>.new`, closes and syncs it, renames it to `path` and syncs the folder; what a crash left of an earlier
// try is replaced. Only under the ledger's lock.
[[nodiscard]] Result<void> create_ledger(const std::filesystem::path& path, const Uuid& id);

}  // namespace autoheal::store
