// The tree's finished hashes as the ledger keeps them: tiles of 256, level by level (C2SP tlog-tiles). Read for proofs
// and checks, written by the one connection that appends. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::store {

inline constexpr unsigned levels_per_tile = 8;
inline constexpr std::uint64_t hashes_per_tile = 1U << levels_per_tile;
inline constexpr std::size_t tile_bytes = hashes_per_tile * sizeof(Hash);

// The key of table `tiles`.
[[nodiscard]] constexpr std::int64_t tile_key(unsigned tile_level, std::uint64_t number) {
  return static_cast<std::int64_t>((std::uint64_t{tile_level} << 48U) | number);
}

[[nodiscard]] std::string name_of_tile(unsigned tile_level, std::uint64_t number);

// Finished hashes out of the rows; the tiles that were read last, one for each level, stay in memory. One connection,
// which must outlive it, and its thread. corrupt: a tile is missing, has another size, or does not reach far enough.
class TileHashes final : public SubtreeHashes {
 public:
  TileHashes(const SQLite::Database& database, std::filesystem::path path);
  [[nodiscard]] Result<Hash> subtree(unsigned level, std::uint64_t index) const override;

 private:
  struct Tile {
    std::uint64_t number = 0;
    std::string hashes;
  };
  [[nodiscard]] Result<Hash> stored(unsigned tile_level, std::uint64_t number, std::uint64_t slot) const;
  [[nodiscard]] Result<void> read(unsigned tile_level, std::uint64_t number) const;

  std::filesystem::path path_;
  mutable SQLite::Statement select_;
  mutable std::map<unsigned, Tile> newest_;  // by level
};

// Grows the tree with the entries of a commit. A tile has its full size from the start and is written in place, so a
// commit changes one page of it. Not thread-safe; throws SQLite::Exception.
class TreeWriter {
 public:
  // The connection must outlive it; nothing is read.
  TreeWriter(SQLite::Database& database, GrowingTree tree);

  // An entry of the batch that is under way, in order.
  void append(std::string_view leaf);
  // Within the transaction: the batch's hashes and its root become rows. An empty batch has none.
  void write();
  // The transaction was committed, or it was not: its leaves count from now on, or never were.
  void keep();
  void forget();

  [[nodiscard]] const GrowingTree& tree() const { return kept_; }  // as of the newest commit

 private:
  // Adjacent hashes in one tile.
  struct Run {
    std::uint64_t first_slot = 0;
    std::string hashes;
    [[nodiscard]] std::uint64_t next_slot() const { return first_slot + hashes.size() / sizeof(Hash); }
  };
  void write_run(std::int64_t tile, const Run& run);

  SQLite::Database& database_;
  SQLite::Statement insert_tile_;
  SQLite::Statement insert_root_;
  GrowingTree kept_, growing_;
  std::uint64_t leaves_ = 0;          // of the batch that is under way
  std::map<std::int64_t, Run> runs_;  // by tile
};

}  // namespace autoheal::store
