// What the newest part of the ledger tells about heals, for the brakes of a daemon that starts: how many there were,
// which failed, what was reset. Reads no more than that part.
#pragma once

#include "engine/ports.hpp"
#include "store/sqlite_ledger.hpp"
#include "workflows/watch.hpp"

namespace autoheal::cli {

inline constexpr Duration remembered = std::chrono::hours(24);

// Tells `watch` of the last 24 hours, oldest first, on the boot clock.
[[nodiscard]] Result<void> remember_recent_past(const store::SqliteLedger& ledger, const engine::BlobStore& blobs,
                                                const engine::Clock& clock, workflows::Watch& watch);

}  // namespace autoheal::cli
