// Reads the newest part of the ledger for a daemon that starts: how many heals there were, which failed, which brakes
// were reset; and which services somebody stopped, however long ago.
#pragma once

#include "autoheal/engine/ledger.hpp"
#include "autoheal/engine/ports.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

inline constexpr Duration remembered = std::chrono::hours(24);

// Tells `watch` of the last 24 hours, oldest first, on the boot clock.
[[nodiscard]] Result<void> remember_recent_past(const engine::LedgerView& ledger, const engine::BlobStore& blobs,
                                                const engine::Clock& clock, Watch& watch);

}  // namespace autoheal::workflows
