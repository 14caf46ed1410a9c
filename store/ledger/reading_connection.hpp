// Opens the ledger's database for reading. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

namespace autoheal::store {

// Never writes, never checkpoints. Throws SQLite::Exception.
[[nodiscard]] SQLite::Database reading_connection(const std::filesystem::path& path);
// The same for reading all of it, in order.
[[nodiscard]] SQLite::Database reading_connection_for_all(const std::filesystem::path& path);

}  // namespace autoheal::store
