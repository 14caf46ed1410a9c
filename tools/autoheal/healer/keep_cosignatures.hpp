// Cosignatures come home, however they travelled: handed in by a person, or fetched by the daemon.
#pragma once

#include <string>

#include "autoheal/store/ledger/sqlite_ledger.hpp"

namespace autoheal::cli {

// Puts the cosignatures of the ledger's witnesses from `note` beside its own signature of the same checkpoint, in one
// commit, and says so in a sentence. Lines of others are left out. On the loop's thread.
// invalid, not_found: it is no checkpoint that this ledger signed. Others as store::with_cosignatures() and the ledger.
[[nodiscard]] Result<std::string> keep_cosignatures(store::SqliteLedger& ledger, const std::string& note,
                                                    Timestamp now);

}  // namespace autoheal::cli
