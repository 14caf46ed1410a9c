#include "autoheal/store/ledger/ledger_reader.hpp"

#include <type_traits>

#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_file.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/reading_connection.hpp"
#include "autoheal/store/ledger/tree_rows.hpp"

namespace autoheal::store {

using engine::Entry;
using engine::Page;
using engine::Position;

struct LedgerReader::Parts {
  // Answers `question`, or an empty answer if there is no ledger.
  template <class Question>
  auto ask(Question question) -> Result<std::invoke_result_t<Question, EntryQueries&>> {
    if (!queries) return std::invoke_result_t<Question, EntryQueries&>{};
    try {
      return question(*queries);
    } catch (const SQLite::Exception& exception) {
      return std::unexpected(sqlite_error(path, exception));
    }
  }

  std::filesystem::path path;
  std::string id;
  std::optional<SQLite::Database> database;
  std::optional<TileHashes> hashes;  // empty without a tree
  std::optional<TreeRows> rows;      // empty without a tree
  std::optional<EntryQueries> queries;
};

LedgerReader::LedgerReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LedgerReader::~LedgerReader() = default;

Result<std::unique_ptr<LedgerReader>> LedgerReader::open(const std::filesystem::path& path) {
  const auto file = look_at_ledger(path);
  AUTOHEAL_TRY(file);
  auto parts = std::make_unique<Parts>();
  parts->path = path;
  if (*file == LedgerFile::absent) return std::unique_ptr<LedgerReader>(new LedgerReader(std::move(parts)));
  try {
    parts->database.emplace(reading_connection(path));
    auto meta = read_meta(*parts->database, path);
    AUTOHEAL_TRY(meta);
    parts->id = std::move(meta->id);
    if (meta->has_tree()) {
      parts->hashes.emplace(*parts->database, path);
      parts->rows.emplace(*parts->database);
    }
    parts->queries.emplace(*parts->database, LeafCheck{parts->id, parts->hashes ? &*parts->hashes : nullptr});
    return std::unique_ptr<LedgerReader>(new LedgerReader(std::move(parts)));
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(path, exception));
  }
}

Result<std::vector<Entry>> LedgerReader::read_stream(const std::string& stream, std::uint64_t from_version) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.read_stream(stream, from_version); });
}

Result<std::vector<Entry>> LedgerReader::read_types(const std::string& stream,
                                                    const std::vector<std::string>& types) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.read_types(stream, types); });
}

Result<std::vector<std::pair<std::string, std::string>>> LedgerReader::keys_below(const std::string& prefix) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.keys_below(prefix); });
}

Result<std::uint64_t> LedgerReader::version_of(const std::string& stream) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.version_of(stream); });
}

Result<Page> LedgerReader::read_all(Position after, std::size_t limit) const {
  return page(after, limit, &EntryQueries::read_all);
}

Result<Page> LedgerReader::read_unchecked(Position after, std::size_t limit) const {
  return page(after, limit, &EntryQueries::read_unchecked);
}

template <class Read>
Result<Page> LedgerReader::page(Position after, std::size_t limit, Read read) const {
  auto page = parts_->ask([&](EntryQueries& queries) {
    const Position head = queries.head();
    return Page{(queries.*read)(after, head, limit), {}, head};
  });
  if (page) page->next = page->entries.empty() ? after : page->entries.back().position;
  return page;
}

Result<std::vector<std::string>> LedgerReader::open_streams() const {
  auto streams = open_streams_since();
  AUTOHEAL_TRY(streams);
  std::vector<std::string> names;
  for (auto& [stream, since] : *streams) names.push_back(std::move(stream));
  return names;
}

Result<std::optional<Position>> LedgerReader::place_of(const std::string& subscriber) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.place_of(subscriber); });
}

const std::string& LedgerReader::id() const { return parts_->id; }
SQLite::Database* LedgerReader::connection() const { return parts_->database ? &*parts_->database : nullptr; }
const std::filesystem::path& LedgerReader::path() const { return parts_->path; }
void LedgerReader::hold_against_tree(const Entry& entry) const { parts_->queries->hold_against_tree(entry); }

Result<Position> LedgerReader::head() const {
  return parts_->ask([](EntryQueries& queries) { return queries.head(); });
}

Result<TreeHead> LedgerReader::tree_head() const {
  return parts_->ask([&](EntryQueries&) { return parts_->rows ? parts_->rows->head() : TreeHead(); });
}

const SubtreeHashes* LedgerReader::hashes() const { return parts_->hashes ? &*parts_->hashes : nullptr; }

Result<std::optional<StoredCheckpoint>> LedgerReader::newest_checkpoint() const {
  return parts_->ask([&](EntryQueries&) {
    return parts_->rows ? parts_->rows->newest_checkpoint() : std::optional<StoredCheckpoint>();
  });
}

Result<std::vector<StoredCheckpoint>> LedgerReader::checkpoints(std::uint64_t after, std::size_t limit) const {
  return parts_->ask([&](EntryQueries&) {
    return parts_->rows ? parts_->rows->checkpoints(after, limit) : std::vector<StoredCheckpoint>();
  });
}

Result<std::string> LedgerReader::meta(const std::string& name) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.meta(name); });
}

Result<std::vector<std::pair<std::string, Position>>> LedgerReader::open_streams_since() const {
  return parts_->ask([](EntryQueries& queries) {
    std::vector<std::pair<std::string, Position>> streams;
    for (OpenStream& open : queries.open_streams()) streams.emplace_back(std::move(open.stream), open.since);
    return streams;
  });
}

Result<Position> LedgerReader::archived() const {
  return parts_->ask([](EntryQueries& queries) { return queries.archived(); });
}

Result<std::vector<Position>> LedgerReader::rows_until(Position last) const {
  return parts_->ask([&](EntryQueries&) {
    std::vector<Position> rows;
    SQLite::Statement select(*parts_->database, "SELECT seq FROM entries WHERE seq <= ? ORDER BY seq");
    select.bind(1, static_cast<std::int64_t>(last.value));
    while (select.executeStep()) rows.push_back({static_cast<std::uint64_t>(select.getColumn(0).getInt64())});
    return rows;
  });
}

// The index over (stream, version) holds the positions, too: one walk over it, without the rows.
Result<ArchiveBounds> LedgerReader::archive_bounds(Timestamp before, const std::string& loose) const {
  return parts_->ask([&](EntryQueries& queries) {
    ArchiveBounds bounds{queries.archived(), queries.head(), queries.head(), {}};
    SQLite::Statement young(*parts_->database,
                            "SELECT seq FROM entries WHERE seq > ? AND +time >= ? ORDER BY seq LIMIT 1");
    young.bind(1, static_cast<std::int64_t>(bounds.archived.value));
    young.bind(2, static_cast<std::int64_t>(before.time_since_epoch().count()));
    if (young.executeStep()) bounds.limit = {static_cast<std::uint64_t>(young.getColumn(0).getInt64()) - 1};
    SQLite::Statement place(*parts_->database, "SELECT min(position) FROM places");
    if (place.executeStep() && !place.getColumn(0).isNull())
      bounds.unread = {static_cast<std::uint64_t>(place.getColumn(0).getInt64())};
    SQLite::Statement spans(*parts_->database,
                            "SELECT stream, min(seq), max(seq) FROM entries WHERE +seq > ? AND stream <> ? "
                            "GROUP BY stream HAVING min(seq) <= ?");
    spans.bind(1, static_cast<std::int64_t>(bounds.archived.value));
    bind_text(spans, 2, loose);
    spans.bind(3, static_cast<std::int64_t>(bounds.limit.value));
    while (spans.executeStep()) {
      const auto position = [&](int column) {
        return Position{static_cast<std::uint64_t>(spans.getColumn(column).getInt64())};
      };
      bounds.spans.push_back({stream_at(spans, 0), position(1), position(2), false});
    }
    for (OpenStream& open : queries.open_streams())
      bounds.spans.push_back({std::move(open.stream), open.since, {}, true});
    return bounds;
  });
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> LedgerReader::bytes_by_table() const {
  return parts_->ask([&](EntryQueries&) {
    std::vector<std::pair<std::string, std::uint64_t>> tables;
    SQLite::Statement sizes(*parts_->database,
                            "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY pgsize DESC, name");
    while (sizes.executeStep())
      tables.emplace_back(sizes.getColumn(0).getString(), static_cast<std::uint64_t>(sizes.getColumn(1).getInt64()));
    SQLite::Statement free(*parts_->database,
                           "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size");
    free.executeStep();
    tables.emplace_back("free", static_cast<std::uint64_t>(free.getColumn(0).getInt64()));
    return tables;
  });
}

Result<std::uint64_t> LedgerReader::count_entries() const {
  return parts_->ask([&](EntryQueries&) {
    SQLite::Statement count(*parts_->database, "SELECT count(*) FROM entries");
    count.executeStep();
    return static_cast<std::uint64_t>(count.getColumn(0).getInt64());
  });
}

Result<std::vector<std::string>> LedgerReader::quick_check() const {
  return parts_->ask([&](EntryQueries&) {
    std::vector<std::string> problems;
    SQLite::Statement check(*parts_->database, "PRAGMA quick_check");
    while (check.executeStep()) {
      const std::string line = check.getColumn(0).getString();
      if (line != "ok") problems.push_back(line);
    }
    return problems;
  });
}

}  // namespace autoheal::store
