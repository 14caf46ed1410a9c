// The roots and signed checkpoints that the ledger keeps besides the tiles, with the queries that its owner and its
// readers share. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <vector>

#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/format/stored_checkpoint.hpp"

namespace autoheal::store {

// Prepared once for one connection of a ledger that has a tree. Same thread as the connection. Throws
// SQLite::Exception.
class TreeRows {
 public:
  explicit TreeRows(const SQLite::Database& database);

  // The newest root; empty for a tree without leaves. Its size is 0, too, where the root has not 32 bytes.
  [[nodiscard]] TreeHead head();
  [[nodiscard]] std::optional<StoredCheckpoint> newest_checkpoint();
  // That of exactly so many entries.
  [[nodiscard]] std::optional<StoredCheckpoint> checkpoint_of(std::uint64_t size);
  // In order of size, those larger than `after`.
  [[nodiscard]] std::vector<StoredCheckpoint> checkpoints(std::uint64_t after, std::size_t limit);

 private:
  SQLite::Statement head_;
  SQLite::Statement newest_;
  SQLite::Statement checkpoints_;
};

}  // namespace autoheal::store
