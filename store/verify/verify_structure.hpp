// The ledger's file around its entries: are its tables those of this version, does nothing stand where nothing can be,
// how far does it reach? Only the store includes this page.
#pragma once

#include "autoheal/store/verify/verify_range.hpp"

namespace autoheal::store {

// Looked at in one moment, so that a writer beside us does not disturb. Fills in size,
// archived, newest_checkpoint and indexes. Throws
// SQLite::Exception.
void look_at_structure(SQLite::Database& database, VerifiedLedger& ledger, Problems& problems);

// What SQLite finds wrong with its pages. Throws SQLite::Exception.
void check_pages(const SQLite::Database& database, Problems& problems);

}  // namespace autoheal::store
