// The pieces of the ledger put together in order: the levels above the lowest tiles, up to the root. Only the store
// includes this header.
#pragma once

#include "autoheal/store/verify/verify_range.hpp"

namespace autoheal::store {

class TreeCheck {
 public:
  // `tree`: what comes before the first range.
  void begin(GrowingTree tree) { tree_ = std::move(tree); }
  // The next range. A tile that is damaged is a problem; throws SQLite::Exception if one cannot be read now.
  void take(const RangeFound& range, const SubtreeHashes& stored, Problems& problems);
  // Nothing is known any more of what comes above a range that could not be read.
  void give_up() { whole_ = false; }
  // The head of everything so far; empty after give_up().
  [[nodiscard]] std::optional<TreeHead> head() const;

 private:
  void compare(unsigned level, std::uint64_t index, const Hash& hash, const SubtreeHashes& stored, Problems& problems);

  GrowingTree tree_;
  bool whole_ = true;
  std::optional<std::int64_t> said_;  // the tile that was told last
};

}  // namespace autoheal::store
