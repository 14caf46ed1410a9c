// Rows going in: sixteen to a statement where there are that many, which costs a third of one by one. Only the store
// includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/store/ledger/clock_setback.hpp"
#include "autoheal/store/ledger/tiles.hpp"

namespace autoheal::store {

// Prepared once for one connection, which must outlive it. Inside a transaction of the caller, on its thread. Throws
// SQLite::Exception.
class EntryInserts {
 public:
  EntryInserts(const SQLite::Database& database, std::string ledger_id);

  // Writes all of the batch; the first entry gets the position after `head`. Each entry becomes a leaf of `tree`, which
  // the caller writes; null: no tree is kept. Returns the new head.
  engine::Position write(const engine::Batch& batch, engine::Position head, TreeWriter* tree);

 private:
  static constexpr std::size_t rows_at_once = 16;
  struct Row {
    const engine::NewEntry* entry;
    const std::string* stream;
    std::uint64_t seq;
    std::uint64_t version;
  };

  void insert(std::span<const Row> rows, SQLite::Statement& statement);
  void grow(TreeWriter& tree);
  void change_life(const engine::StreamAppend& append, std::uint64_t first_seq);
  void save_place(const engine::SavedPlace& place);

  std::string ledger_id_;
  SQLite::Statement many_;
  SQLite::Statement one_;
  SQLite::Statement open_;
  SQLite::Statement close_;
  SQLite::Statement key_;
  SQLite::Statement place_;
  ClockSetback lag_;
  std::vector<Row> rows_;
  std::string leaf_;
};

}  // namespace autoheal::store
