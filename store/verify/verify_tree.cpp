#include "autoheal/store/verify/verify_tree.hpp"

#include <fmt/core.h>

namespace autoheal::store {

void TreeCheck::take(const RangeFound& range, const SubtreeHashes& stored, Problems& problems) {
  if (!whole_) return;
  const auto finished = [&](unsigned level, std::uint64_t index, const Hash& hash) {
    if (level % levels_per_tile == 0) compare(level, index, hash, stored, problems);
  };
  for (const Hash& root : range.tile_roots) tree_.append_subtree(levels_per_tile, root, finished);
  for (const Hash& leaf : range.leaves) tree_.append(leaf);
}

// Whole tiles are appended: level 0 was compared with the entries themselves.
void TreeCheck::compare(unsigned level, std::uint64_t index, const Hash& hash, const SubtreeHashes& stored,
                        Problems& problems) {
  const unsigned tile_level = level / levels_per_tile;
  const std::uint64_t number = index / hashes_per_tile;
  const auto found = stored.subtree(level, index);
  throw_unless_damage(found);
  if ((found && *found == hash) || said_ == tile_key(tile_level, number)) return;
  said_ = tile_key(tile_level, number);
  const std::uint64_t first = (index << level) + 1;
  const std::string entries = fmt::format("entries {} to {}", first, first + (std::uint64_t{1} << level) - 1);
  problems.add(found ? fmt::format("{} holds another hash than that of {}", name_of_tile(tile_level, number), entries)
                     : fmt::format("{}, which is to hold {}", found.error().message, entries));
}

std::optional<TreeHead> TreeCheck::head() const {
  if (!whole_) return std::nullopt;
  return tree_.head();
}

}  // namespace autoheal::store
