// Checks that an index matches the rows without sorting: both are added up under a random key, and the sums must be
// equal. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoheal/store/ledger/entry_row.hpp"

namespace autoheal::store {

// Drawn anew for each verification, so that no file can be made to fit it.
struct SumKey {
  std::array<std::uint64_t, 4> words{};
  [[nodiscard]] static SumKey drawn();
};

// Values in their order, mixed to one number. Equal values give equal numbers; others do so once in 2^64.
class KeyedHash {
 public:
  explicit KeyedHash(const SumKey& key) : key_(key), state_(key.words[3]) {}
  void integer(std::int64_t value) { mix(static_cast<std::uint64_t>(value), 1); }
  void text(std::string_view value) { bytes(value, 2); }
  void blob(std::string_view value) { bytes(value, 3); }
  void null() { mix(0, 4); }
  void real(std::int64_t whole) { mix(static_cast<std::uint64_t>(whole), 5); }  // no entry has one
  [[nodiscard]] std::uint64_t result() const { return state_; }

 private:
  void mix(std::uint64_t left, std::uint64_t right);
  void bytes(std::string_view value, std::uint64_t kind);
  const SumKey& key_;
  std::uint64_t state_;
};

struct IndexSum {
  std::uint64_t count = 0, sum = 0;
  friend bool operator==(const IndexSum&, const IndexSum&) = default;
};

// One index on `entries`.
struct EntryIndex {
  std::string name;
  std::vector<std::string> columns;  // names or expressions
  std::string where;                 // or empty
  // How each column's value is mixed from the row that it stands for.
  std::vector<void (*)(KeyedHash&, const EntryRow&)> mixed;
  bool by_stream_and_version = false;
};

// The sum that each index must have, added up row by row. One thread, one connection, which must outlive it, as must
// `indexes`.
class IndexChecksums {
 public:
  IndexChecksums(const SQLite::Database& database, const std::vector<EntryIndex>& indexes, const SumKey& key);

  // Throws SQLite::Exception.
  void add(const EntryRow& row);
  // The sums added since the last call, in the order of the indexes.
  [[nodiscard]] std::vector<IndexSum> take();

 private:
  // The partial indexes whose conditions depend on the same columns. SQLite evaluates the conditions once for each
  // content of those columns.
  class Conditions {
   public:
    explicit Conditions(std::vector<std::string_view EntryRow::*> columns) : columns_(std::move(columns)) {}
    [[nodiscard]] const std::vector<std::string_view EntryRow::*>& columns() const { return columns_; }
    void add(std::size_t index, std::unique_ptr<RowQuery> query) { queries_.emplace_back(index, std::move(query)); }
    // Bits of the indexes that hold the row.
    [[nodiscard]] std::uint64_t holding(const EntryRow& row);

   private:
    [[nodiscard]] std::uint64_t ask(const EntryRow& row);
    std::vector<std::string_view EntryRow::*> columns_;
    std::vector<std::pair<std::size_t, std::unique_ptr<RowQuery>>> queries_;
    std::unordered_map<std::string, std::uint64_t> known_;
    std::string asked_, last_asked_;
    std::uint64_t last_ = 0;
  };

  void add_condition(const SQLite::Database& database, std::size_t index);

  const std::vector<EntryIndex>& indexes_;
  const SumKey& key_;
  std::vector<Conditions> conditions_;
  std::uint64_t unconditional_ = 0;  // bits of the indexes that hold every row
  std::vector<IndexSum> sums_;
};

// The indexes on `entries` in a database of this version. Their `where` clauses may name type, actor and engine.
[[nodiscard]] std::vector<EntryIndex> entry_indexes(const SQLite::Database& database);

}  // namespace autoheal::store
