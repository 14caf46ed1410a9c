#include "autoheal/store/verify/verify_indexes.hpp"

#include <fmt/core.h>

#include <compare>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

// A value as SQLite orders it: nothing, numbers, text, blobs.
struct Value {
  int rank = 0;
  bool real = false;
  std::int64_t number = 0;
  std::string bytes;

  void read(const RowQuery& row, int column) {
    const int type = row.type(column);
    rank = type == SQLITE_NULL ? 0 : type == SQLITE_INTEGER || type == SQLITE_FLOAT ? 1 : type == SQLITE_TEXT ? 2 : 3;
    real = type == SQLITE_FLOAT;
    number = rank == 1 ? row.number(column) : 0;
    bytes.assign(rank >= 2 ? row.bytes(column) : std::string_view());
  }
  std::strong_ordering operator<=>(const Value& other) const {
    if (rank != other.rank) return rank <=> other.rank;
    if (number != other.number) return number <=> other.number;
    return bytes.compare(other.bytes) <=> 0;
  }
  bool operator==(const Value&) const = default;
  void mix_into(KeyedHash& mix) const {
    if (rank == 0) return mix.null();
    if (rank == 1) return real ? mix.real(number) : mix.integer(number);
    rank == 2 ? mix.text(bytes) : mix.blob(bytes);
  }
};

// For an expression the index returns the stored value.
std::string select_of(const EntryIndex& index) {
  std::string sql = "SELECT ";
  for (const std::string& column : index.columns) sql += column + ", ";
  sql += "seq FROM entries INDEXED BY " + index.name;
  return index.where.empty() ? sql : sql + " WHERE " + index.where;
}

class IndexReading {
 public:
  IndexReading(const SQLite::Database& database, const EntryIndex& index, const SumKey& key, std::uint64_t archived)
      : index_(index),
        key_(key),
        archived_(static_cast<std::int64_t>(archived)),
        width_(static_cast<int>(index.columns.size())),
        rows_(database, select_of(index)),
        values_(index.columns.size() + 1),
        before_(index.columns.size() + 1) {}

  IndexFound read(std::uint64_t last) {
    bool first = true;
    while (rows_.step()) {
      for (int at = 0; at <= width_; ++at) values_[static_cast<std::size_t>(at)].read(rows_, at);
      if (!first && !disordered_ && !(before_ < values_)) disorder();
      const std::int64_t seq = values_.back().number;
      if (seq > 0 && static_cast<std::uint64_t>(seq) > last) continue;  // of a writer beside us
      inspect(static_cast<std::uint64_t>(seq), first);
      std::swap(before_, values_);
      first = false;
    }
    return std::move(found_);
  }

 private:
  void inspect(std::uint64_t seq, bool first) {
    KeyedHash mix(key_);
    for (const Value& value : values_) value.mix_into(mix);
    ++found_.sum.count;
    found_.sum.sum += mix.result();
    if (index_.by_stream_and_version) look_at_version(seq, first);
  }

  // In the order of the index every stream stands in one piece.
  void look_at_version(std::uint64_t seq, bool first) {
    const std::int64_t version = values_[1].number;
    const bool same = !first && before_[0] == values_[0];
    const std::int64_t follows = same ? before_[1].number : 0;
    if (!same && archived_ > 0) return;
    // Only some entries of a stream may be left of the archived part.
    const bool between_went = same && version > follows && before_.back().number < archived_;
    if (version == follows + 1 || between_went) {
      if (same && values_.back().number < before_.back().number) backwards(seq);
      return;
    }
    found_.problems.add(
        seq, fmt::format("entry {}: version {} of stream {} follows version {}", seq, version, stream_name(), follows));
  }

  void backwards(std::uint64_t seq) {
    found_.problems.add(seq, fmt::format("entry {}: version {} of stream {} stands before version {}", seq,
                                         values_[1].number, stream_name(), before_[1].number));
  }

  void disorder() {
    disordered_ = true;
    found_.problems.add(fmt::format("the index {} is out of order", index_.name));
  }

  std::string stream_name() const {
    EntryRow row;
    row.stream = values_[0].bytes;
    row.stream_is_id = values_[0].rank == 3 && row.stream.size() == sizeof(Uuid::bytes);
    std::string name, quoted;
    append_stream_name(name, row);
    append_quoted(quoted, name);
    return quoted;
  }

  const EntryIndex& index_;
  const SumKey& key_;
  std::int64_t archived_;
  int width_;
  RowQuery rows_;
  std::vector<Value> values_, before_;  // the columns, then seq
  bool disordered_ = false;
  IndexFound found_;
};

}  // namespace

IndexFound read_index(const SQLite::Database& database, const EntryIndex& index, const SumKey& key, std::uint64_t last,
                      std::uint64_t archived) {
  return IndexReading(database, index, key, archived).read(last);
}

}  // namespace autoheal::store
