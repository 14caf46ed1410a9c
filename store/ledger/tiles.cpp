#include "autoheal/store/ledger/tiles.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"

namespace autoheal::store {

namespace {

Hash hash_at(std::string_view hashes, std::uint64_t slot) {
  Hash hash;
  std::memcpy(hash.data(), hashes.data() + slot * sizeof(Hash), sizeof(Hash));
  return hash;
}

}  // namespace

std::string name_of_tile(unsigned tile_level, std::uint64_t number) {
  return fmt::format("tile {} of level {}", number, tile_level);
}

TileHashes::TileHashes(const SQLite::Database& database, std::filesystem::path path)
    : path_(std::move(path)), select_(database, "SELECT hashes FROM tiles WHERE tile = ?") {}

// A subtree between two tile levels is computed from the at most 128 hashes below it, which stand in one tile.
Result<Hash> TileHashes::subtree(unsigned level, std::uint64_t index) const {
  const unsigned tile_level = level / levels_per_tile;
  const std::uint64_t count = std::uint64_t{1} << (level % levels_per_tile);
  const std::uint64_t first = index * count;
  GrowingTree tree;
  for (std::uint64_t at = first; at < first + count; ++at) {
    const auto hash = stored(tile_level, at / hashes_per_tile, at % hashes_per_tile);
    if (!hash) return hash;
    tree.append(*hash);
  }
  return tree.root();
}

Result<Hash> TileHashes::stored(unsigned tile_level, std::uint64_t number, std::uint64_t slot) const {
  constexpr Hash not_reached{};
  for (const bool again : {false, true}) {
    const Tile& tile = newest_[tile_level];
    if (again || tile.hashes.empty() || tile.number != number) {
      AUTOHEAL_TRY(read(tile_level, number));
    }
    const Hash hash = hash_at(tile.hashes, slot);
    if (hash != not_reached) return hash;  // else it may have grown since it was read
  }
  return failure(ErrorKind::corrupt, fmt::format("the ledger {}: {} ends before hash {}", path_.string(),
                                                 name_of_tile(tile_level, number), slot));
}

Result<void> TileHashes::read(unsigned tile_level, std::uint64_t number) const {
  try {
    select_.bind(1, tile_key(tile_level, number));
    const bool found = select_.executeStep();
    std::string hashes = found ? select_.getColumn(0).getString() : std::string();
    select_.reset();
    if (hashes.size() != tile_bytes) {
      return failure(ErrorKind::corrupt,
                     fmt::format("the ledger {}: {}{}", path_.string(), name_of_tile(tile_level, number),
                                 found ? " has another size than a tile" : " is missing"));
    }
    newest_[tile_level] = {number, std::move(hashes)};
    return {};
  } catch (const SQLite::Exception& exception) {
    select_.tryReset();
    Error error = sqlite_error(path_, exception);
    if (is_damage(exception)) error.kind = ErrorKind::corrupt;
    return std::unexpected(std::move(error));
  }
}

TreeWriter::TreeWriter(SQLite::Database& database, GrowingTree tree)
    : database_(database),
      insert_tile_(database, "INSERT INTO tiles(tile, hashes) VALUES (?, ?)"),
      insert_root_(database, "INSERT INTO roots(size, root) VALUES (?, ?)"),
      kept_(std::move(tree)),
      growing_(kept_) {}

void TreeWriter::append(std::string_view leaf) {
  ++leaves_;
  growing_.append(leaf_hash(leaf), [this](unsigned level, std::uint64_t index, const Hash& hash) {
    if (level % levels_per_tile != 0) return;
    const std::int64_t tile = tile_key(level / levels_per_tile, index / hashes_per_tile);
    const auto [run, fresh] = runs_.try_emplace(tile);
    if (fresh) run->second.first_slot = index % hashes_per_tile;
    AUTOHEAL_CHECK(run->second.next_slot() == index % hashes_per_tile);
    run->second.hashes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  });
}

void TreeWriter::write() {
  AUTOHEAL_CHECK(growing_.size() == kept_.size() + leaves_);
  if (leaves_ == 0) return;
  for (SQLite::Statement* statement : {&insert_tile_, &insert_root_}) statement->tryReset();
  for (const auto& [tile, run] : runs_) write_run(tile, run);
  runs_.clear();
  AUTOHEAL_CHECK(growing_.edge_fits_size());
  const Hash root = growing_.root();
  insert_root_.bind(1, static_cast<std::int64_t>(growing_.size()));
  insert_root_.bindNoCopy(2, root.data(), static_cast<int>(root.size()));
  insert_root_.exec();
  insert_root_.reset();
}

void TreeWriter::write_run(std::int64_t tile, const Run& run) {
  AUTOHEAL_CHECK(!run.hashes.empty() && run.next_slot() <= hashes_per_tile);
  if (run.first_slot == 0) {
    std::string whole = run.hashes;
    whole.resize(tile_bytes);
    insert_tile_.bind(1, tile);
    insert_tile_.bindNoCopy(2, whole.data(), static_cast<int>(whole.size()));
    insert_tile_.exec();
    insert_tile_.reset();
    return;
  }
  sqlite3* handle = database_.getHandle();
  sqlite3_blob* blob = nullptr;
  int outcome = sqlite3_blob_open(handle, "main", "tiles", "hashes", tile, 1, &blob);
  if (outcome == SQLITE_OK) {
    outcome = sqlite3_blob_write(blob, run.hashes.data(), static_cast<int>(run.hashes.size()),
                                 static_cast<int>(run.first_slot * sizeof(Hash)));
  }
  const int closed = sqlite3_blob_close(blob);
  if (outcome == SQLITE_OK) outcome = closed;
  if (outcome != SQLITE_OK) throw SQLite::Exception(handle, outcome);
}

void TreeWriter::keep() {
  AUTOHEAL_CHECK(growing_.size() == kept_.size() + leaves_ && growing_.edge_fits_size());
  AUTOHEAL_CHECK(runs_.empty());  // all of it is in rows
  kept_ = growing_;
  leaves_ = 0;
}

void TreeWriter::forget() {
  growing_ = kept_;
  leaves_ = 0;
  runs_.clear();
}

}  // namespace autoheal::store
