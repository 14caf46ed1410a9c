// The owner's connection to a ledger and everything that lives as long: lock, statements, tree, reserve, and the
// knowledge whether the files are still the ones that were opened. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>

#include "autoheal/store/file/reserve.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/ledger/entry_inserts.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_lock.hpp"
#include "autoheal/store/ledger/ledger_place.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/tiles.hpp"
#include "autoheal/store/ledger/tree_rows.hpp"

namespace autoheal::store {

// A checkpoint stalls the append that does it: 1,000 frames cost 5 to 12 ms, 10,000 up to 148.
inline constexpr int frames_between_checkpoints = 1000;

// Size and time of a file's last change, by which a foreign write is noticed.
struct ContentStamp {
  std::int64_t size = 0, seconds = 0, nanoseconds = 0;
  bool operator==(const ContentStamp&) const = default;

  static ContentStamp of(const std::filesystem::path& file);
};

// Throws SQLite::Exception unless it says otherwise. Same thread as the ledger.
struct OwnerConnection {
  OwnerConnection(LedgerLock held, const std::filesystem::path& file, Duration busy_wait, const std::string& vfs,
                  std::uint64_t reserve_bytes);

  // Closing the last connection moves the log into the database, unless it is left alone.
  void leave_log_alone(bool alone);
  // Reads the head and makes the statements. corrupt: the tree does not fit the entries, so nothing can be appended.
  Result<void> prepare(bool keep_tree);
  // Call once all files are there.
  void remember_place();
  void begin_epoch_even_on_a_full_disk();

  // Why nothing can be recorded, empty while all is well. Never throws.
  std::string problem_of_place();
  // Call after each write of this connection to the file, so that it does not pass for a foreign one.
  void note_content();

  // Within a transaction of the caller.
  void drop(engine::Position last, std::span<const engine::Position> keep);

  // Ends what is left of a transaction that failed; poisons the ledger if that fails, too. Never throws.
  void roll_back();
  void poison(const std::string& why);
  // The result of an append that failed with `exception`, rolled back.
  engine::AppendResult answer(engine::AppendStatus status, const SQLite::Exception& exception);

  template <class Question>
  auto ask(Question question) const -> Result<std::invoke_result_t<Question, EntryQueries&>> {
    try {
      return question(*queries);
    } catch (const SQLite::Exception& exception) {
      return std::unexpected(sqlite_error(path, exception));
    }
  }

  // Each entry is a leaf: before an append, after it, and when the tree is signed. True if no tree is kept.
  [[nodiscard]] bool tree_covers_entries() const { return (tree ? tree->tree().size() : head.value) == head.value; }

  // Destroyed from the last to the first: statements, connection, lock.
  LedgerLock lock;
  std::filesystem::path path;
  LedgerPlace place;
  ContentStamp written;  // as this connection left the file
  std::optional<Hash> written_sample;
  bool log_saved = false;  // into the ledger, after its name was lost
  Reserve reserve;
  SQLite::Database database;
  std::optional<TileHashes> hashes;
  mutable std::optional<TreeRows> rows;
  mutable std::optional<EntryQueries> queries;
  std::optional<EntryInserts> inserts;
  std::optional<TreeWriter> tree;  // empty: none is kept
  std::optional<SQLite::Statement> begin, commit, epoch_now;
  LedgerMeta meta;
  engine::Position head;
  std::unordered_map<std::string, std::uint64_t> versions;  // of open streams that were touched
  bool disk_is_full = false;                                // the reason why the last append failed
  int frames = 0;                                           // in the write-ahead log
  int next_checkpoint = frames_between_checkpoints;
  std::string poisoned;  // why, once it is

 private:
  static int count_frames(void* self, sqlite3*, const char*, int frames);
  Result<void> grow_tree_from_here();
  std::string problem_of_content();
  bool has_newer_owner();
  void save_lost_log();
  void begin_epoch();
};

}  // namespace autoheal::store
