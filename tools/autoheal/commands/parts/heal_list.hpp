// Heals of a ledger as one line each.
#pragma once

#include <string>

#include "autoheal/store/audit/audit.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// Gives each heal that passes to `take`, in the order in which they began; false ends it. Facts that only
// the vault holds are read there, since SQL cannot know them.
[[nodiscard]] Result<void> list_heals(const Past& past, const store::HealFilter& filter,
                                      const store::Audit::TakeHeal& take);

// The strategy that the heal's first entry names, wherever its data lies; empty where it cannot be read.
[[nodiscard]] std::string strategy_of(const Past& past, const std::string& heal);

// When something happened last in a heal, as RFC 3339 with milliseconds.
[[nodiscard]] std::string newest_time_of(const Past& past, const store::AuditedHeal& heal);

}  // namespace autoheal::cli
