// Every question about entries that the ledger's owner and its readers ask in the same words. Only the store includes
// this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/store/ledger/tiles.hpp"

namespace autoheal::store {

// Streams named by a UUID are kept as its 16 bytes, all others as text.
void bind_stream(SQLite::Statement& statement, int index, const std::string& stream);
// The value, or the largest integer of SQLite if it is larger.
[[nodiscard]] std::int64_t as_integer(std::uint64_t value);
[[nodiscard]] std::string stream_at(const SQLite::Statement& statement, int column);
// Binds text without copying it: `text` must outlive the statement's next step.
void bind_text(SQLite::Statement& statement, int index, const std::string& text);

// The columns that entry_at reads, in its order: "SELECT ... FROM entries ".
inline constexpr char select_entries[] =
    "SELECT seq, stream, version, type, dataversion, time, actor, engine, data FROM entries ";
[[nodiscard]] engine::Entry entry_at(const SQLite::Statement& row);

// The row of table `meta` that says which entry is the last one whose row was archived.
inline constexpr char archived_name[] = "archived";

struct OpenStream {
  std::string stream;
  engine::Position since;  // its first entry
};

// Checks entries against their hashes when they are read, so that a changed value is never returned as good.
struct LeafCheck {
  std::string ledger_id;
  const TileHashes* hashes = nullptr;  // null: nothing is checked
};

// Prepared once for one connection, which must outlive it, as must the hashes. Same thread as the connection. Throws
// SQLite::Exception; SQLITE_CORRUPT, naming the entry, for one that is not what was written.
class EntryQueries {
 public:
  EntryQueries(const SQLite::Database& database, LeafCheck check);

  [[nodiscard]] std::vector<engine::Entry> read_stream(const std::string& stream, std::uint64_t from_version);
  // Found by type where no type of `types` is a step that every heal takes (sql_is_rare), else in the whole stream.
  [[nodiscard]] std::vector<engine::Entry> read_types(const std::string& stream, const std::vector<std::string>& types);
  // The newest entry of a type in a stream.
  [[nodiscard]] std::optional<engine::Entry> read_newest(const std::string& stream, const std::string& type);
  // Entries after `after` up to and with `last`, at most `limit`.
  [[nodiscard]] std::vector<engine::Entry> read_all(engine::Position after, engine::Position last, std::size_t limit);
  // The same, whatever they are now; for those who tell what is wrong with them.
  [[nodiscard]] std::vector<engine::Entry> read_unchecked(engine::Position after, engine::Position last,
                                                          std::size_t limit);
  [[nodiscard]] std::vector<OpenStream> open_streams();  // oldest first
  [[nodiscard]] std::optional<engine::Position> place_of(const std::string& subscriber);
  [[nodiscard]] engine::Position head();
  [[nodiscard]] engine::Position archived();                          // the last entry whose row was archived
  [[nodiscard]] std::uint64_t version_of(const std::string& stream);  // 0: unknown
  [[nodiscard]] std::string stream_of_key(const std::string& key);    // empty: unknown
  // Keys that begin with `prefix`, which ends with a slash, in order, and the streams that they started.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> keys_below(const std::string& prefix);
  [[nodiscard]] std::string meta(const std::string& name);  // empty: unknown

  // Throws if the entry does not match its hash in the tree.
  void hold_against_tree(const engine::Entry& entry) {
    if (check_.hashes != nullptr) check(entry);
  }

 private:
  [[nodiscard]] std::vector<engine::Entry> entries_of(SQLite::Statement& select, bool checked = true);
  void check(const engine::Entry& entry);
  void check_dense(const std::vector<engine::Entry>& entries, engine::Position after, engine::Position last);
  void bind_range(engine::Position after, engine::Position last, std::size_t limit);

  const SQLite::Database& database_;
  LeafCheck check_;
  std::string leaf_;
  SQLite::Statement stream_;
  SQLite::Statement newest_;
  SQLite::Statement all_;
  SQLite::Statement open_;
  SQLite::Statement place_;
  SQLite::Statement head_;
  SQLite::Statement version_;
  SQLite::Statement key_;
  SQLite::Statement keys_;
  SQLite::Statement meta_;
};

}  // namespace autoheal::store
