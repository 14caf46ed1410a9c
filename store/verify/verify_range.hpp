// A piece of the ledger recomputed from its rows: every entry to its leaf hash, compared with its tile, and every root
// of a commit. Pieces are verified in parallel; verify_tree puts them together. Only the store includes this header.
#pragma once

#include <atomic>
#include <optional>
#include <unordered_map>

#include "autoheal/store/ledger/tiles.hpp"
#include "autoheal/store/verify/index_checksum.hpp"
#include "autoheal/store/verify/verify_streams.hpp"

namespace autoheal::store {

// 256 tiles of the lowest level, which are one whole tile of the next.
inline constexpr std::uint64_t entries_per_range = 65'536;

// Shared by all pieces; outlives them.
struct VerifiedLedger {
  std::filesystem::path path;
  std::string id;
  std::uint64_t size = 0;               // entries that are verified: 1 to size
  std::uint64_t archived = 0;           // of those the first so many are known by their hashes only
  std::uint64_t newest_checkpoint = 0;  // its size, when the rest was looked at
  // The first so many are believed by a signature: they are not read, but must have this root.
  std::optional<TreeHead> kept;
  const StreamRules* rules = nullptr;
  std::function<bool(const std::string& name)> has_blob;  // or empty
  std::vector<EntryIndex> indexes;
  SumKey key;
  std::atomic<std::uint64_t>* done = nullptr;  // entries so far
};

struct RangeFound {
  std::uint64_t first = 0, end = 0;  // leaf indices [first, end)
  std::uint64_t read = 0, roots = 0;
  std::vector<Hash> tile_roots;  // of whole tiles
  std::vector<Hash> leaves;      // after the last whole tile
  std::vector<IndexSum> sums;
  RangeStreams streams;
  Problems problems;
};

// Prepared once for one connection, which must outlive it. Throws SQLite::Exception where even what is known to be
// damaged cannot be passed over.
class RangeReader {
 public:
  RangeReader(const SQLite::Database& database, const VerifiedLedger& ledger);
  // The range of leaves that begins with `first`, a multiple of entries_per_range.
  [[nodiscard]] RangeFound read(std::uint64_t first);

 private:
  struct KnownType {
    std::optional<std::string> problem;
    std::optional<unsigned> kind;
  };
  struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  // Leaves of one tile, as recomputed and as stored.
  struct TileLeaves {
    std::uint64_t first = 0;
    bool there = true;
    std::vector<Hash> computed, stored;
    std::vector<std::uint64_t> differ;  // slots
  };

  void read_tile(std::uint64_t first, std::uint64_t end);
  void read_stored(TileLeaves& tile, std::uint64_t end);
  void read_entries(TileLeaves& tile, std::uint64_t end);
  [[nodiscard]] bool row_of(std::uint64_t seq);
  // Entries up to this one are known by their hashes only.
  [[nodiscard]] std::uint64_t unread() const;
  void advance();
  [[nodiscard]] Hash look_at_entry();
  void look_for_blob(std::uint64_t seq);
  [[nodiscard]] const KnownType& known(std::string_view type);
  void missing(std::uint64_t seq);
  void say_missing();
  [[nodiscard]] const std::vector<Hash>& leaves_to_believe(const TileLeaves& tile);
  [[nodiscard]] Hash grow(const std::vector<Hash>& leaves);
  void compare_roots();

  const VerifiedLedger& ledger_;
  RowQuery rows_, tiles_, roots_;
  TileHashes hashes_;
  IndexChecksums sums_;
  std::unordered_map<std::string, KnownType, HashOfText, std::equal_to<>> types_;

  RangeFound found_;
  bool has_row_ = false, unreadable_ = false;
  EntryRow row_;
  bool has_root_ = false, roots_known_ = false, root_said_ = false;
  GrowingTree tree_;
  std::uint64_t missing_first_ = 0, missing_last_ = 0;
  std::string leaf_, stream_;
  std::vector<JsonMember> members_;
};

}  // namespace autoheal::store
