#include "tools/database/connection.hpp"

#include <algorithm>
#include <climits>

namespace autoheal::database {

namespace {

constexpr std::size_t longest_words = 300;

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorKind::busy;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::refused;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorKind::unavailable;
    default:
      return ErrorKind::failed;
  }
}

struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

std::unexpected<Error> sqlite_failure(int code, const std::string& what, const std::string& words) {
  std::string said = words.empty() ? sqlite3_errstr(code) : words.substr(0, longest_words);
  std::ranges::replace(said, '\n', ' ');
  return failure(kind_of(code), what + ": " + said);
}

Result<Connection> Connection::open(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOFOLLOW, nullptr);
  Connection connection(handle);
  if (code != SQLITE_OK) return sqlite_failure(code, "opening it");
  sqlite3_extended_result_codes(handle, 1);
  return connection;
}

Result<Connection> Connection::in_memory() {
  return open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

Result<Connection> Connection::over(const std::string& bytes) {
  auto connection = in_memory();
  if (!connection) return connection;
  auto* start = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  const int code = sqlite3_deserialize(connection->handle(), "main", start, size, size, SQLITE_DESERIALIZE_READONLY);
  if (code != SQLITE_OK) return sqlite_failure(code, "taking it into memory");
  return connection;
}

void Connection::wait(std::chrono::milliseconds busy) const {
  sqlite3_busy_timeout(handle(), static_cast<int>(std::clamp<long long>(busy.count(), 0, INT_MAX)));
}

void Connection::leave_log() const { sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

Result<std::string> Connection::ask(const char* sql) const {
  sqlite3_stmt* prepared = nullptr;
  const int parsed = sqlite3_prepare_v2(handle(), sql, -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalizer> statement(prepared);
  if (parsed != SQLITE_OK) return sqlite_failure(parsed, sql, sqlite3_errmsg(handle()));
  const int code = sqlite3_step(prepared);
  if (code == SQLITE_DONE) return std::string();
  if (code != SQLITE_ROW) return sqlite_failure(code, sql, sqlite3_errmsg(handle()));
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
  return std::string(text == nullptr ? "" : text);
}

Result<void> Connection::begin_reading() const {
  // BEGIN alone locks nothing; the schema version is read without understanding the schema.
  for (const char* sql : {"BEGIN", "PRAGMA schema_version"}) {
    AUTOHEAL_TRY(ask(sql));
  }
  return {};
}

Result<Backup> Backup::start(const Connection& target, const Connection& source) {
  auto* started = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (started == nullptr) {
    return sqlite_failure(sqlite3_errcode(target.handle()), "copying it", sqlite3_errmsg(target.handle()));
  }
  return Backup(started);
}

Result<void> Backup::lock_target() {
  const int code = sqlite3_backup_step(backup_.get(), 0);
  if (code == SQLITE_OK) return {};
  return sqlite_failure(code, "locking it");
}

Result<void> Backup::copy() {
  const int stepped = sqlite3_backup_step(backup_.get(), -1);
  const int finished = sqlite3_backup_finish(backup_.release());
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
  return sqlite_failure(stepped == SQLITE_DONE ? finished : stepped, "copying it");
}

}  // namespace autoheal::database
