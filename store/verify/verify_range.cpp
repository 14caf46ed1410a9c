#include "autoheal/store/verify/verify_range.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "autoheal/store/format/json_text.hpp"
#include "autoheal/store/verify/verify_words.hpp"

namespace autoheal::store {

namespace {

constexpr Hash not_reached{};

Hash root_of_leaves(const std::vector<Hash>& leaves) {
  GrowingTree tree;
  for (const Hash& leaf : leaves) tree.append(leaf);
  return tree.root();
}

}  // namespace

RangeReader::RangeReader(const SQLite::Database& database, const VerifiedLedger& ledger)
    : ledger_(ledger),
      rows_(database, std::string("SELECT ") + entry_columns +
                          " FROM entries NOT INDEXED WHERE seq >= ? AND seq <= ? ORDER BY seq"),
      tiles_(database, "SELECT hashes FROM tiles WHERE tile = ?"),
      roots_(database, "SELECT size, root FROM roots WHERE size > ? AND size <= ? ORDER BY size"),
      hashes_(database, ledger.path),
      sums_(database, ledger.indexes, ledger.key) {}

RangeFound RangeReader::read(std::uint64_t first) {
  found_ = RangeFound();
  found_.first = first;
  found_.end = std::min(first + entries_per_range, ledger_.size);
  unreadable_ = root_said_ = false;
  auto left = GrowingTree::of(hashes_, first);
  throw_unless_damage(left);
  roots_known_ = left.has_value();  // else the tiles above, which are looked at as a whole, are damaged
  if (left) tree_ = std::move(*left);
  rows_.begin(std::max(first, ledger_.kept ? ledger_.kept->size : 0) + 1, found_.end);
  advance();
  roots_.begin(first, found_.end);
  has_root_ = roots_known_ && roots_.step();
  for (std::uint64_t at = first; at < found_.end; at += hashes_per_tile)
    read_tile(at, std::min(at + hashes_per_tile, found_.end));
  say_missing();
  rows_.end();
  roots_.end();
  found_.sums = sums_.take();
  return std::move(found_);
}

void RangeReader::read_tile(std::uint64_t first, std::uint64_t end) {
  TileLeaves tile{first, true, {}, {}, {}};
  read_stored(tile, end);
  read_entries(tile, end);
  const std::vector<Hash>& leaves = leaves_to_believe(tile);
  const Hash root = grow(leaves);
  if (leaves.size() == hashes_per_tile) {
    found_.tile_roots.push_back(root);
  } else {
    found_.leaves = leaves;
  }
  *ledger_.done += leaves.size();
}

void RangeReader::read_stored(TileLeaves& tile, std::uint64_t end) {
  const std::size_t count = end - tile.first;
  tiles_.begin(tile_key(0, tile.first / hashes_per_tile));
  const bool there = tiles_.step();
  const std::string_view hashes = there && tiles_.type(0) == SQLITE_BLOB ? tiles_.bytes(0) : std::string_view();
  tile.there = hashes.size() == tile_bytes;
  if (!tile.there) {
    found_.problems.add(
        tile.first + 1,
        fmt::format("{}{}: nothing holds entry {} and what follows", name_of_tile(0, tile.first / hashes_per_tile),
                    there ? " has another size than a tile" : " is missing", tile.first + 1));
    tile.stored.assign(count, not_reached);
  } else {
    tile.stored.resize(count);
    std::memcpy(tile.stored.data(), hashes.data(), count * sizeof(Hash));
  }
  tiles_.end();
}

void RangeReader::read_entries(TileLeaves& tile, std::uint64_t end) {
  tile.computed.reserve(end - tile.first);
  for (std::uint64_t seq = tile.first + 1; seq <= end; ++seq) {
    const std::size_t slot = seq - 1 - tile.first;
    Hash hash = tile.stored[slot];
    if (row_of(seq)) {
      say_missing();
      hash = look_at_entry();
      if (hash != tile.stored[slot]) tile.differ.push_back(slot);
      advance();
    } else if (seq > unread()) {
      missing(seq);
    }
    tile.computed.push_back(hash);
  }
}

std::uint64_t RangeReader::unread() const { return std::max(ledger_.archived, ledger_.kept ? ledger_.kept->size : 0); }

// Whether the row under the query is that entry; rows that can be none are told and passed over.
bool RangeReader::row_of(std::uint64_t seq) {
  while (has_row_ && static_cast<std::uint64_t>(row_.seq) < seq) {
    found_.problems.add(static_cast<std::uint64_t>(row_.seq), fmt::format("entry {} stands out of order", row_.seq));
    advance();
  }
  return has_row_ && static_cast<std::uint64_t>(row_.seq) == seq;
}

void RangeReader::advance() {
  try {
    has_row_ = rows_.step();
    if (has_row_) row_ = entry_row(rows_);
  } catch (const SQLite::Exception& exception) {
    if ((exception.getErrorCode() & 0xff) != SQLITE_CORRUPT) throw;
    unreadable_ = true;
    const std::uint64_t after = has_row_ ? static_cast<std::uint64_t>(row_.seq) : found_.first;
    has_row_ = false;
    found_.problems.add(after + 1, fmt::format("entry {} cannot be read: {}", after + 1, exception.what()));
  }
}

Hash RangeReader::look_at_entry() {
  ++found_.read;
  const auto seq = static_cast<std::uint64_t>(row_.seq);
  const KnownType& type = known(row_.type);
  auto problem = column_problem(rows_, row_, members_);
  if (!problem) problem = type.problem;
  if (problem) found_.problems.add(seq, fmt::format("entry {}: {}", seq, *problem));
  if (ledger_.has_blob) look_for_blob(seq);
  if (type.kind) found_.streams.see(*ledger_.rules, row_, *type.kind, members_, found_.problems);
  sums_.add(row_);
  stream_.clear();
  append_stream_name(stream_, row_);
  leaf_.clear();
  append_leaf(leaf_, ledger_.id, parts_of(row_, stream_));
  return leaf_hash(leaf_);
}

// Data that was too large for an entry (large_data.hpp).
void RangeReader::look_for_blob(std::uint64_t seq) {
  if (members_.size() != 1 || members_.front().key != "blob") return;
  const std::string name = json_text(members_.front().value);
  if (!ledger_.has_blob(name))
    found_.problems.add(seq, fmt::format("entry {}: its data {} is not in the vault", seq, name));
}

const RangeReader::KnownType& RangeReader::known(std::string_view type) {
  constexpr std::size_t most_known = 10'000;
  if (const auto found = types_.find(type); found != types_.end()) return found->second;
  if (types_.size() >= most_known) types_.clear();
  KnownType fresh{type_problem(type), std::nullopt};
  if (ledger_.rules != nullptr) fresh.kind = ledger_.rules->kind_of(type);
  return types_.emplace(type, std::move(fresh)).first->second;
}

void RangeReader::missing(std::uint64_t seq) {
  if (missing_first_ == 0) missing_first_ = seq;
  missing_last_ = seq;
}

void RangeReader::say_missing() {
  if (missing_first_ == 0) return;
  if (!unreadable_) found_.problems.add(missing_first_, missing_entries(missing_first_, missing_last_));
  missing_first_ = 0;
}

// A leaf that differs from its row: was the entry changed or the tile? The level above knows, once the tile is whole.
const std::vector<Hash>& RangeReader::leaves_to_believe(const TileLeaves& tile) {
  if (tile.differ.empty() || !tile.there) return tile.computed;
  const std::uint64_t number = tile.first / hashes_per_tile;
  bool tile_changed = false;
  if (tile.computed.size() == hashes_per_tile) {
    const auto above = hashes_.subtree(levels_per_tile, number);
    throw_unless_damage(above);
    tile_changed = above && *above == root_of_leaves(tile.computed);
  }
  for (const std::size_t slot : tile.differ) {
    const std::uint64_t seq = tile.first + slot + 1;
    if (tile_changed) {
      found_.problems.add(
          seq, fmt::format("{} was changed: it holds another hash for entry {}", name_of_tile(0, number), seq));
    } else if (tile.stored[slot] == not_reached) {
      found_.problems.add(seq, fmt::format("entry {} has no hash in the tree: it was not written by autoheal", seq));
    } else {
      found_.problems.add(seq,
                          fmt::format("entry {} is not what was written: it does not match its hash in the tree", seq));
    }
  }
  return tile_changed ? tile.computed : tile.stored;
}

// Gives the root of the tile, if it is whole.
Hash RangeReader::grow(const std::vector<Hash>& leaves) {
  if (!roots_known_) return root_of_leaves(leaves);
  Hash root{};
  for (const Hash& leaf : leaves) {
    tree_.append(leaf, [&](unsigned level, std::uint64_t, const Hash& hash) {
      if (level == levels_per_tile) root = hash;
    });
    if (has_root_ && static_cast<std::uint64_t>(roots_.number(0)) <= tree_.size()) compare_roots();
    if (ledger_.kept && ledger_.kept->size == tree_.size() && ledger_.kept->root != tree_.root())
      found_.problems.add("the tree's lowest tile does not fit the given checkpoint");
  }
  return root;
}

// One wrong hash makes all later roots wrong, so only the first is told.
void RangeReader::compare_roots() {
  ++found_.roots;
  const std::string_view stored = roots_.type(1) == SQLITE_BLOB ? roots_.bytes(1) : std::string_view();
  const Hash root = tree_.root();
  const bool same = stored.size() == root.size() && std::memcmp(stored.data(), root.data(), root.size()) == 0;
  if (!same && !root_said_) {
    root_said_ = true;
    found_.problems.add(fmt::format("the root of the first {} entries is not what they hash to", tree_.size()));
  }
  has_root_ = roots_.step();
}

}  // namespace autoheal::store
