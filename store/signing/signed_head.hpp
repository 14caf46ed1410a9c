// `<ledger>.signed`: size and root that were signed last, outside the database, durable before the signature leaves. A
// ledger that was put back from a backup, or cut off, is behind it.
#pragma once

#include <filesystem>
#include <optional>

#include "autoheal/store/format/checkpoint.hpp"

namespace autoheal::store {

// The text is that of an unsigned checkpoint. Empty if there is none. invalid: the file holds something else.
[[nodiscard]] Result<std::optional<Checkpoint>> read_signed_head(const std::filesystem::path& ledger);
// Durable when it returns; readable for the group, as the ledger is.
[[nodiscard]] Result<void> write_signed_head(const std::filesystem::path& ledger, const Checkpoint& head);

}  // namespace autoheal::store
