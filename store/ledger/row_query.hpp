// A prepared statement read by column index and without copies, for passes over every row of a ledger, where SQLiteCpp
// costs a tenth of the whole. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::store {

// On one connection, which must outlive it, and its thread. Everything throws SQLite::Exception.
class RowQuery {
 public:
  RowQuery(const SQLite::Database& database, const std::string& sql) : database_(database.getHandle()) {
    if (sqlite3_prepare_v3(database_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK)
      throw SQLite::Exception(database_);
    values_.resize(static_cast<std::size_t>(sqlite3_column_count(statement_)));
  }
  ~RowQuery() { sqlite3_finalize(statement_); }
  RowQuery(const RowQuery&) = delete;
  RowQuery& operator=(const RowQuery&) = delete;

  // Begins anew; what the last run read is no longer valid.
  template <class... Numbers>
  void begin(Numbers... numbers) {
    sqlite3_reset(statement_);
    int index = 0;
    (sqlite3_bind_int64(statement_, ++index, static_cast<std::int64_t>(numbers)), ...);
  }
  // Text or a blob for the next run, not copied: it must outlive it.
  void bind_text(int index, std::string_view text) {
    sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob(statement_, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  }
  void bind_null(int index) { sqlite3_bind_null(statement_, index); }
  // false: there is no further row, and no read transaction is left behind.
  bool step() {
    const int outcome = sqlite3_step(statement_);
    if (outcome == SQLITE_ROW) {
      for (std::size_t at = 0; at < values_.size(); ++at)
        values_[at] = sqlite3_column_value(statement_, static_cast<int>(at));
      return true;
    }
    sqlite3_reset(statement_);
    if (outcome != SQLITE_DONE) throw SQLite::Exception(database_, outcome);
    return false;
  }
  void end() { sqlite3_reset(statement_); }

  // SQLITE_INTEGER, SQLITE_TEXT, ...; asked before the value is.
  [[nodiscard]] int type(int column) const { return sqlite3_value_type(value(column)); }
  [[nodiscard]] std::int64_t number(int column) const { return sqlite3_value_int64(value(column)); }
  // The bytes of a text or blob; valid until the next step.
  [[nodiscard]] std::string_view bytes(int column) const {
    const void* first = sqlite3_value_blob(value(column));
    return {static_cast<const char*>(first), static_cast<std::size_t>(sqlite3_value_bytes(value(column)))};
  }
  [[nodiscard]] int columns() const { return sqlite3_column_count(statement_); }

 private:
  [[nodiscard]] sqlite3_value* value(int column) const { return values_[static_cast<std::size_t>(column)]; }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  // The values of the row. The connection belongs to one thread, so they can be read directly, without the locks of
  // sqlite3_column_*.
  std::vector<sqlite3_value*> values_;
};

}  // namespace autoheal::store
