#include "autoheal/store/ledger/ledger_schema.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include "autoheal/engine/base/ids.hpp"

namespace autoheal::store {

Result<LedgerMeta> read_meta(const SQLite::Database& database, const std::filesystem::path& path) {
  SQLite::Statement known(database,
                          "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                          "('meta', 'entries')");
  known.executeStep();
  if (known.getColumn(0).getInt() != 2) {
    return failure(ErrorKind::corrupt, path.string() + " is an SQLite database, but not an Autoheal ledger");
  }
  SQLite::Statement select(database,
                           "SELECT (SELECT value FROM meta WHERE name = 'schema_version'),"
                           " (SELECT value FROM meta WHERE name = 'id'),"
                           " (SELECT value FROM meta WHERE name = 'epoch')");
  select.executeStep();
  const std::int64_t version = select.getColumn(0).getInt64();
  if (version > ledger_schema_version) {
    return failure(ErrorKind::unavailable,
                   fmt::format("the ledger {} has schema version {}, this autoheal knows up to {}", path.string(),
                               version, ledger_schema_version),
                   "use the later version that wrote it");
  }
  LedgerMeta meta{select.getColumn(1).getString(), select.getColumn(2).getInt64(), version};
  if (version < 1 || !parse_uuid(meta.id) || meta.epoch < 0) {
    return failure(ErrorKind::corrupt, fmt::format("the ledger {} has no valid id, version or epoch", path.string()));
  }
  return meta;
}

Error sqlite_error(const std::filesystem::path& path, const SQLite::Exception& exception) {
  ErrorKind kind = ErrorKind::unavailable;
  std::string hint;
  switch (exception.getErrorCode() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = ErrorKind::busy;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      kind = ErrorKind::corrupt;
      break;
    case SQLITE_FULL:
      hint = "make room on the disk";
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      hint = "check its owner and mode, and that its -wal and -shm are there; the next writer recreates them";
      break;
    default:
      break;
  }
  return {kind, fmt::format("the ledger {}: {}", path.string(), exception.what()), hint};
}

bool is_damage(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode() & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR || code == SQLITE_MISMATCH;
}

void throw_as_sqlite(const Error& error, const std::string& what) {
  const int code = error.kind == ErrorKind::corrupt ? SQLITE_CORRUPT
                   : error.kind == ErrorKind::busy  ? SQLITE_BUSY
                                                    : SQLITE_IOERR;
  throw SQLite::Exception(what + error.message, code);
}

}  // namespace autoheal::store
