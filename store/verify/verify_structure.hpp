// Checks the ledger's file around its entries: the tables are those of this version, nothing is where nothing can be,
// the ends match. Only the store includes this header.
#pragma once

#include "autoheal/store/verify/verify_range.hpp"

namespace autoheal::store {

// Looked at in one moment, so that a writer beside us does not disturb. Fills in size,
// archived, newest_checkpoint and indexes. Throws
// SQLite::Exception.
void look_at_structure(SQLite::Database& database, VerifiedLedger& ledger, Problems& problems);

// Reports the faults that SQLite finds in its pages. Throws SQLite::Exception.
void check_pages(const SQLite::Database& database, Problems& problems);

}  // namespace autoheal::store
