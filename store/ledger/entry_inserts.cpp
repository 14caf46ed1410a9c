#include "autoheal/store/ledger/entry_inserts.hpp"

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"

namespace autoheal::store {

using engine::Position;
using engine::StreamAppend;
using engine::StreamLife;

namespace {

constexpr int columns = 9;

std::string insert_of(std::size_t rows) {
  std::string sql = "INSERT INTO entries(seq, stream, version, type, dataversion, time, actor, engine, data) VALUES ";
  for (std::size_t row = 0; row < rows; ++row) sql += row == 0 ? "(?,?,?,?,?,?,?,?,?)" : ",(?,?,?,?,?,?,?,?,?)";
  return sql;
}

void bind_optional(SQLite::Statement& statement, int index, const std::string& text) {
  if (text.empty()) {
    statement.bind(index);
  } else {
    bind_text(statement, index, text);
  }
}

// Resets a statement that succeeded; one that failed is reset with the rollback.
void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

}  // namespace

EntryInserts::EntryInserts(const SQLite::Database& database, std::string ledger_id)
    : ledger_id_(std::move(ledger_id)),
      many_(database, insert_of(rows_at_once)),
      one_(database, insert_of(1)),
      open_(database, "INSERT INTO open_streams(stream, since) VALUES (?, ?)"),
      close_(database, "DELETE FROM open_streams WHERE stream = ?"),
      key_(database, "INSERT INTO idempotency_keys(key, stream) VALUES (?, ?)"),
      place_(database, "INSERT OR REPLACE INTO places(subscriber, position) VALUES (?, ?)"),
      lag_(database) {}

Position EntryInserts::write(const engine::Batch& batch, Position head, TreeWriter* tree) {
  // An earlier batch may have failed half-way.
  for (SQLite::Statement* statement : {&many_, &one_, &open_, &close_, &key_, &place_}) statement->tryReset();
  rows_.clear();
  lag_.begin(head);
  std::uint64_t seq = head.value;
  for (const StreamAppend& append : batch.streams) {
    change_life(append, seq + 1);
    std::uint64_t version = append.expected_version;
    for (const engine::NewEntry& entry : append.entries) {
      rows_.push_back({&entry, &append.stream, ++seq, ++version});
      lag_.see(entry.time);
    }
  }
  const std::span<const Row> rows(rows_);
  const std::size_t whole = rows.size() - rows.size() % rows_at_once;
  for (std::size_t at = 0; at < whole; at += rows_at_once) insert(rows.subspan(at, rows_at_once), many_);
  for (std::size_t at = whole; at < rows.size(); ++at) insert(rows.subspan(at, 1), one_);
  for (const engine::SavedPlace& place : batch.places) save_place(place);
  if (tree != nullptr) grow(*tree);
  AUTOHEAL_CHECK(rows_.size() == seq - head.value);
  lag_.end({seq});
  return {seq};
}

void EntryInserts::grow(TreeWriter& tree) {
  for (const auto& [entry, stream, seq, version] : rows_) {
    leaf_.clear();
    append_leaf(leaf_, ledger_id_,
                {.seq = seq,
                 .type = entry->type,
                 .time = entry->time,
                 .stream = *stream,
                 .version = version,
                 .dataversion = entry->dataversion,
                 .actor = entry->actor,
                 .engine = entry->subject,
                 .data = entry->data});
    AUTOHEAL_CHECK(leaf_.size() <= largest_leaf_bytes);  // or no bundle of a tiled log could ever hold it
    tree.append(leaf_);
  }
}

void EntryInserts::insert(std::span<const Row> rows, SQLite::Statement& statement) {
  int index = 0;
  for (const auto& [entry, stream, seq, version] : rows) {
    statement.bind(index + 1, static_cast<std::int64_t>(seq));
    bind_stream(statement, index + 2, *stream);
    statement.bind(index + 3, static_cast<std::int64_t>(version));
    bind_text(statement, index + 4, entry->type);
    statement.bind(index + 5, entry->dataversion);
    statement.bind(index + 6, static_cast<std::int64_t>(entry->time.time_since_epoch().count()));
    bind_optional(statement, index + 7, entry->actor);
    bind_optional(statement, index + 8, entry->subject);
    bind_text(statement, index + 9, entry->data);
    index += columns;
  }
  run(statement);
}

void EntryInserts::change_life(const StreamAppend& append, std::uint64_t first_seq) {
  const bool fresh = append.expected_version == 0;
  if (fresh && append.life == StreamLife::goes_on) {
    bind_stream(open_, 1, append.stream);
    open_.bind(2, static_cast<std::int64_t>(first_seq));
    run(open_);
  }
  if (!fresh && append.life == StreamLife::ends) {
    bind_stream(close_, 1, append.stream);
    run(close_);
  }
  if (fresh && !append.idempotency_key.empty()) {
    bind_text(key_, 1, append.idempotency_key);
    bind_stream(key_, 2, append.stream);
    run(key_);
  }
}

void EntryInserts::save_place(const engine::SavedPlace& place) {
  bind_text(place_, 1, place.subscriber);
  place_.bind(2, static_cast<std::int64_t>(place.position.value));
  run(place_);
}

}  // namespace autoheal::store
