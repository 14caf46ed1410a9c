#include "autoheal/store/ledger/reading_connection.hpp"

#include <sqlite3.h>

#include "autoheal/store/ledger/readahead_vfs.hpp"

namespace autoheal::store {

namespace {

// The writer's start and a recovery after a crash hold their locks for moments.
constexpr int busy_wait_milliseconds = 5000;

SQLite::Database connection(const std::filesystem::path& path, const std::string& vfs) {
  SQLite::Database database(path.string(), SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, busy_wait_milliseconds, vfs);
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  database.exec("PRAGMA mmap_size = 0; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF");
  return database;
}

}  // namespace

SQLite::Database reading_connection(const std::filesystem::path& path) { return connection(path, {}); }

SQLite::Database reading_connection_for_all(const std::filesystem::path& path) {
  return connection(path, readahead_vfs());
}

}  // namespace autoheal::store
