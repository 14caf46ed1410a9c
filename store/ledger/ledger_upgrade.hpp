// Upgrades a ledger of an earlier version in numbered steps, all in one transaction, so that a crash leaves the old one
// or the new one. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "autoheal/store/ledger/ledger_schema.hpp"

namespace autoheal::store {

// Nothing if it is of today's version. Only for the owner; later versions are refused before (read_meta). Throws
// SQLite::Exception.
void upgrade_ledger(SQLite::Database& database, LedgerMeta& meta);

// Tables, indexes and views of today's version in an empty database; in the caller's transaction.
void create_tables(SQLite::Database& database);

}  // namespace autoheal::store
