#include "autoheal/store/verify/verify_structure.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/ledger_upgrade.hpp"
#include "autoheal/store/verify/verify_words.hpp"

namespace autoheal::store {

namespace {

// One row may stand for at most so many bytes of file: what its leaf hash takes.
constexpr std::int64_t least_bytes_per_entry = sizeof(Hash);

std::string in_quotes(std::string_view text) {
  std::string shown;
  append_quoted(shown, text);
  return shown;
}

// "table entries" and how it is made.
std::map<std::string, std::string> objects_of(const SQLite::Database& database) {
  std::map<std::string, std::string> objects;
  RowQuery rows(database, "SELECT type, name, tbl_name, sql FROM sqlite_master");
  while (rows.step()) {
    const std::string name = std::string(rows.bytes(0)) + " " + std::string(rows.bytes(1));
    objects.emplace(name, std::string(rows.bytes(2)) + ": " + std::string(rows.bytes(3)));
  }
  return objects;
}

std::int64_t number(const SQLite::Database& database, const std::string& sql) {
  RowQuery query(database, sql);
  return query.step() ? query.number(0) : 0;
}

class Structure {
 public:
  Structure(SQLite::Database& database, VerifiedLedger& ledger, Problems& problems)
      : database_(database), ledger_(ledger), problems_(problems) {}

  void look() {
    const SQLite::Transaction moment(database_, SQLite::TransactionBehavior::DEFERRED);
    objects();
    ledger_.archived = static_cast<std::uint64_t>(number(database_, "SELECT value FROM meta WHERE name = 'archived'"));
    ledger_.newest_checkpoint =
        static_cast<std::uint64_t>(std::max<std::int64_t>(number(database_, "SELECT max(size) FROM checkpoints"), 0));
    size();
    nothing_before_or_after();
    for (unsigned level = 0; level <= 48 / levels_per_tile; ++level) tiles_of(level);
    if (number(database_, "SELECT count(*) FROM tiles WHERE tile < 0") != 0)
      problems_.add("there are tiles of no level");
    ledger_.indexes = indexes_;
    open_streams();
  }

 private:
  // Finds objects that were added or changed by hand: columns, indexes, views, triggers.
  void objects() {
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    create_tables(fresh);
    const auto expected = objects_of(fresh), found = objects_of(database_);
    for (const auto& [name, text] : expected) {
      const auto here = found.find(name);
      if (here == found.end()) {
        problems_.add(fmt::format("the {} is missing", name));
      } else if (here->second != text) {
        problems_.add(fmt::format("the {} is not what autoheal makes", name));
      }
    }
    for (const auto& [name, text] : found) {
      if (!expected.contains(name)) problems_.add(fmt::format("the {} was added by somebody else", in_quotes(name)));
    }
    for (EntryIndex& index : entry_indexes(fresh)) {
      const auto here = found.find("index " + index.name);
      if (here != found.end() && here->second == expected.at(here->first)) indexes_.push_back(std::move(index));
    }
  }

  // Entries and tree end at the same number. Where they do not, what both have is looked at.
  void size() {
    const auto newest = number(database_, "SELECT max(seq) FROM entries");
    const auto leaves = number(database_, "SELECT max(size) FROM roots");
    const auto archived = static_cast<std::int64_t>(ledger_.archived);
    const std::int64_t last = std::max(newest, archived);
    if (last < leaves) {
      const auto first = static_cast<std::uint64_t>(last + 1);
      problems_.add(first, fmt::format("{}: the tree has {} leaves",
                                       missing_entries(first, static_cast<std::uint64_t>(leaves)), leaves));
    }
    if (last > leaves) {
      problems_.add(static_cast<std::uint64_t>(leaves + 1),
                    fmt::format("entry {} has no root: the tree ends before it", leaves + 1));
    }
    const std::int64_t room =
        number(database_, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") /
        least_bytes_per_entry;
    ledger_.size = static_cast<std::uint64_t>(std::clamp<std::int64_t>(std::min(last, leaves), 0, room));
    if (std::min(last, leaves) > room)
      problems_.add(ledger_.size + 1, fmt::format("entry {} is missing: there is no room for it", ledger_.size + 1));
  }

  void nothing_before_or_after() {
    RowQuery entries(database_,
                     "SELECT seq FROM entries WHERE seq < 1 UNION ALL "
                     "SELECT * FROM (SELECT seq FROM entries WHERE seq > ? ORDER BY seq LIMIT 3) LIMIT 3");
    entries.begin(ledger_.size);
    while (entries.step())
      problems_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(entries.number(0), 0)),
                    fmt::format("entry {} stands where none can be", entries.number(0)));
    RowQuery roots(database_, "SELECT size FROM roots WHERE size < 1 OR size > ? LIMIT 3");
    roots.begin(ledger_.size);
    while (roots.step()) problems_.add(fmt::format("there is a root of {} entries", roots.number(0)));
    const auto size = static_cast<std::int64_t>(ledger_.size);
    if (size > 0 && number(database_, "SELECT count(*) FROM roots WHERE size = " + std::to_string(size)) == 0)
      problems_.add(fmt::format("the root of all {} entries is missing", size));
  }

  void tiles_of(unsigned level) {
    const std::uint64_t hashes = ledger_.size >> (level * levels_per_tile);
    const std::uint64_t tiles = (hashes + hashes_per_tile - 1) / hashes_per_tile;
    RowQuery surplus(database_, "SELECT tile FROM tiles WHERE tile >= ? AND tile < ? LIMIT 1");
    surplus.begin(tile_key(level, tiles), tile_key(level + 1, 0));
    if (surplus.step())
      problems_.add(name_of_tile(level, static_cast<std::uint64_t>(surplus.number(0) - tile_key(level, 0))) +
                    " is beyond the last entry");
    const std::size_t used = hashes % hashes_per_tile * sizeof(Hash);
    if (used == 0) return;
    RowQuery last(database_, "SELECT hashes FROM tiles WHERE tile = ?");
    last.begin(tile_key(level, tiles - 1));
    if (!last.step() || last.bytes(0).size() != tile_bytes) return;  // told where its hashes are needed
    if (std::ranges::any_of(last.bytes(0).substr(used), [](char byte) { return byte != 0; }))
      problems_.add(name_of_tile(level, tiles - 1) + " holds hashes beyond the last entry");
  }

  void open_streams() {
    RowQuery open(database_,
                  "SELECT o.stream, o.since, e.seq FROM open_streams AS o LEFT JOIN entries AS e "
                  "ON e.stream = o.stream AND e.version = 1 ORDER BY o.since");
    while (open.step()) {
      EntryRow row;
      row.stream_is_id = open.type(0) == SQLITE_BLOB && open.bytes(0).size() == sizeof(Uuid::bytes);
      row.stream = open.bytes(0);
      std::string name;
      append_stream_name(name, row);
      if (open.type(2) == SQLITE_NULL) {
        if (ledger_.archived == 0)
          problems_.add(fmt::format("stream {} is listed as open, but has no entry", in_quotes(name)));
      } else if (open.number(2) != open.number(1)) {
        problems_.add(fmt::format("stream {} is listed as open since entry {}, but began with entry {}",
                                  in_quotes(name), open.number(1), open.number(2)));
      }
    }
  }

  SQLite::Database& database_;
  VerifiedLedger& ledger_;
  Problems& problems_;
  std::vector<EntryIndex> indexes_;
};

}  // namespace

void look_at_structure(SQLite::Database& database, VerifiedLedger& ledger, Problems& problems) {
  Structure(database, ledger, problems).look();
}

void check_pages(const SQLite::Database& database, Problems& problems) {
  RowQuery check(database, "PRAGMA quick_check");
  while (check.step()) {
    if (check.bytes(0) != "ok") problems.add("the database file: " + std::string(check.bytes(0)));
  }
}

}  // namespace autoheal::store
