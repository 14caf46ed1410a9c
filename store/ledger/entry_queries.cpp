#include "autoheal/store/ledger/entry_queries.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"

namespace autoheal::store {

using engine::Entry;
using engine::Position;

namespace {

// Leaves no read transaction behind: a forgotten one would hold back every checkpoint.
class Asking {
 public:
  explicit Asking(SQLite::Statement& statement) : statement_(statement) {}
  ~Asking() { statement_.tryReset(); }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  SQLite::Statement& statement_;
};

std::string text_at(const SQLite::Statement& statement, int column) {
  const SQLite::Column value = statement.getColumn(column);
  const void* bytes = value.getBlob();
  const int size = value.getBytes();
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::uint64_t number_at(const SQLite::Statement& statement, int column) {
  return static_cast<std::uint64_t>(statement.getColumn(column).getInt64());
}

}  // namespace

Entry entry_at(const SQLite::Statement& row) {
  Entry entry;
  entry.position = {number_at(row, 0)};
  entry.stream = stream_at(row, 1);
  entry.version = number_at(row, 2);
  entry.type = text_at(row, 3);
  entry.dataversion = static_cast<unsigned>(number_at(row, 4));
  entry.time = Timestamp(Duration(row.getColumn(5).getInt64()));
  entry.actor = text_at(row, 6);
  entry.subject = text_at(row, 7);
  entry.data = text_at(row, 8);
  return entry;
}

void bind_text(SQLite::Statement& statement, int index, const std::string& text) { statement.bindNoCopy(index, text); }

std::int64_t as_integer(std::uint64_t value) {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  return value > static_cast<std::uint64_t>(largest) ? largest : static_cast<std::int64_t>(value);
}

void bind_stream(SQLite::Statement& statement, int index, const std::string& stream) {
  if (const auto id = parse_uuid(stream)) {
    statement.bind(index, id->bytes.data(), static_cast<int>(id->bytes.size()));
  } else {
    statement.bindNoCopy(index, stream);
  }
}

std::string stream_at(const SQLite::Statement& statement, int column) {
  Uuid id;
  const SQLite::Column value = statement.getColumn(column);
  const void* bytes = value.getBlob();
  if (value.isBlob() && bytes != nullptr && value.getBytes() == static_cast<int>(id.bytes.size())) {
    std::memcpy(id.bytes.data(), bytes, id.bytes.size());
    return to_string(id);
  }
  return text_at(statement, column);
}

EntryQueries::EntryQueries(const SQLite::Database& database, LeafCheck check)
    : database_(database),
      check_(std::move(check)),
      stream_(database, std::string(select_entries) + "WHERE stream = ? AND version >= ? ORDER BY version"),
      newest_(database, std::string(select_entries) + "WHERE stream = ? AND type = ? ORDER BY version DESC LIMIT 1"),
      all_(database, std::string(select_entries) + "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"),
      open_(database, "SELECT stream, since FROM open_streams ORDER BY since, stream"),
      place_(database, "SELECT position FROM places WHERE subscriber = ?"),
      head_(database,
            "SELECT max(coalesce((SELECT max(seq) FROM entries), 0),"
            " coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'archived'), 0))"),
      version_(database, "SELECT max(version) FROM entries WHERE stream = ?"),
      key_(database, "SELECT stream FROM idempotency_keys WHERE key = ?"),
      keys_(database, "SELECT key, stream FROM idempotency_keys WHERE key > ? AND key < ? ORDER BY key"),
      meta_(database, "SELECT value FROM meta WHERE name = ?") {}

std::vector<Entry> EntryQueries::entries_of(SQLite::Statement& select, bool checked) {
  std::vector<Entry> entries;
  while (select.executeStep()) {
    entries.push_back(entry_at(select));
    if (checked) hold_against_tree(entries.back());
  }
  return entries;
}

void EntryQueries::check(const Entry& entry) {
  const std::string seq = std::to_string(entry.position.value);
  if (entry.position.value == 0) throw SQLite::Exception("entry 0 stands where none can be", SQLITE_CORRUPT);
  const auto hash = check_.hashes->subtree(0, entry.position.value - 1);
  if (!hash) throw_as_sqlite(hash.error(), fmt::format("entry {}: ", seq));
  leaf_.clear();
  append_leaf(leaf_, check_.ledger_id, parts_of(entry));
  if (leaf_hash(leaf_) != *hash)
    throw SQLite::Exception(
        fmt::format("entry {} is not what was written: it does not match its hash in the tree", seq), SQLITE_CORRUPT);
}

std::vector<Entry> EntryQueries::read_stream(const std::string& stream, std::uint64_t from_version) {
  const Asking asking(stream_);
  bind_stream(stream_, 1, stream);
  stream_.bind(2, as_integer(from_version));
  return entries_of(stream_);
}

// In one statement, so that the types are of one moment.
std::vector<Entry> EntryQueries::read_types(const std::string& stream, const std::vector<std::string>& types) {
  const bool are_rare = std::ranges::all_of(types, is_rare_type);
  std::string sql = std::string(select_entries) + "WHERE type IN (";
  for (std::size_t type = 0; type < types.size(); ++type) sql += type == 0 ? "?" : ", ?";
  sql += are_rare ? std::string(") AND ") + sql_is_rare + " AND +stream = ?" : std::string(") AND stream = ?");
  SQLite::Statement select(database_, sql + " ORDER BY +version");
  int index = 0;
  for (const std::string& type : types) bind_text(select, ++index, type);
  bind_stream(select, ++index, stream);
  return entries_of(select);
}

std::optional<Entry> EntryQueries::read_newest(const std::string& stream, const std::string& type) {
  const Asking asking(newest_);
  bind_stream(newest_, 1, stream);
  bind_text(newest_, 2, type);
  auto entries = entries_of(newest_);
  if (entries.empty()) return std::nullopt;
  return std::move(entries.front());
}

std::vector<Entry> EntryQueries::read_all(Position after, Position last, std::size_t limit) {
  const Asking asking(all_);
  bind_range(after, last, limit);
  auto entries = entries_of(all_);
  if (check_.hashes != nullptr && after < last && limit > 0) check_dense(entries, after, last);
  return entries;
}

// A page in which an entry cannot be found must not look like one in which it never was. Only some rows of the archived
// part are left. Its end is read after the page, because it only grows.
void EntryQueries::check_dense(const std::vector<Entry>& entries, Position after, Position last) {
  std::uint64_t expected = after.value + 1;
  std::optional<std::uint64_t> gone;
  for (const Entry& entry : entries) {
    const std::uint64_t seq = entry.position.value;
    if (seq != expected) {
      if (!gone) gone = archived().value;
      expected = std::max(expected, std::min(seq, *gone + 1));
    }
    if (seq != expected) break;
    ++expected;
  }
  if (entries.empty() ? archived() >= last : expected == entries.back().position.value + 1) return;
  throw SQLite::Exception(fmt::format("entry {} is missing", expected), SQLITE_CORRUPT);
}

std::vector<Entry> EntryQueries::read_unchecked(Position after, Position last, std::size_t limit) {
  const Asking asking(all_);
  bind_range(after, last, limit);
  return entries_of(all_, false);
}

void EntryQueries::bind_range(Position after, Position last, std::size_t limit) {
  all_.bind(1, as_integer(after.value));
  all_.bind(2, as_integer(last.value));
  all_.bind(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, 10'000)));
}

std::vector<OpenStream> EntryQueries::open_streams() {
  const Asking asking(open_);
  std::vector<OpenStream> streams;
  while (open_.executeStep()) streams.push_back({stream_at(open_, 0), {number_at(open_, 1)}});
  return streams;
}

std::optional<Position> EntryQueries::place_of(const std::string& subscriber) {
  const Asking asking(place_);
  bind_text(place_, 1, subscriber);
  if (!place_.executeStep()) return std::nullopt;
  return Position{number_at(place_, 0)};
}

Position EntryQueries::head() {
  const Asking asking(head_);
  head_.executeStep();
  return {number_at(head_, 0)};
}

Position EntryQueries::archived() {
  const std::string name = archived_name;
  const Asking asking(meta_);
  bind_text(meta_, 1, name);
  return {meta_.executeStep() ? number_at(meta_, 0) : 0};
}

std::uint64_t EntryQueries::version_of(const std::string& stream) {
  const Asking asking(version_);
  bind_stream(version_, 1, stream);
  version_.executeStep();
  return number_at(version_, 0);
}

std::string EntryQueries::stream_of_key(const std::string& key) {
  const Asking asking(key_);
  bind_text(key_, 1, key);
  return key_.executeStep() ? stream_at(key_, 0) : std::string();
}

std::vector<std::pair<std::string, std::string>> EntryQueries::keys_below(const std::string& prefix) {
  const Asking asking(keys_);
  std::string behind = prefix;
  ++behind.back();
  bind_text(keys_, 1, prefix);
  bind_text(keys_, 2, behind);
  std::vector<std::pair<std::string, std::string>> found;
  while (keys_.executeStep()) found.emplace_back(text_at(keys_, 0), stream_at(keys_, 1));
  return found;
}

std::string EntryQueries::meta(const std::string& name) {
  const Asking asking(meta_);
  bind_text(meta_, 1, name);
  return meta_.executeStep() ? text_at(meta_, 0) : std::string();
}

}  // namespace autoheal::store
