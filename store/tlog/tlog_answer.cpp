#include "autoheal/store/tlog/tlog_answer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/tlog/archived_leaves.hpp"
#include "autoheal/store/tlog/tlog_path.hpp"

namespace autoheal::store {

namespace {

constexpr std::chrono::seconds checkpoint_is_fresh{2};
constexpr std::chrono::seconds partial_is_fresh{60};  // the full one will take its place
constexpr std::chrono::seconds full_is_fresh{31'536'000};
constexpr char checkpoint_type[] = "text/plain; charset=utf-8", tile_type[] = "application/octet-stream";
constexpr unsigned bits_per_level = 8;
constexpr unsigned most_levels = 8;  // 256^8 is more than the 2^63 leaves that a tree can have

std::unexpected<Error> nothing_signed() {
  return failure(ErrorKind::not_found, "the ledger has no checkpoint yet: nothing is signed",
                 "`autoheal ledger checkpoint --sign` signs the present head");
}

std::unexpected<Error> not_covered(std::uint64_t size) {
  return failure(ErrorKind::not_found,
                 fmt::format("the newest checkpoint signs {} entries, which do not reach that far", size),
                 "/tlog/checkpoint says how many there are; a partial tile has its width in its name");
}

// It is of this tree: a file that was put back from elsewhere must not look like one.
Result<TlogAnswer> checkpoint_answer(const LedgerReader& reader, const StoredCheckpoint& newest) {
  const auto note = parse_note(newest.note);
  AUTOHEAL_TRY(note);
  const auto checkpoint = parse_checkpoint_body(note->text);
  AUTOHEAL_TRY(checkpoint);
  const auto root = root_of(*reader.hashes(), newest.size);
  AUTOHEAL_TRY(root);
  if (checkpoint->head != TreeHead{newest.size, *root})
    return failure(ErrorKind::corrupt, "the newest checkpoint is not of the ledger's tree", "autoheal ledger verify");
  return TlogAnswer{newest.note, checkpoint_type, checkpoint_is_fresh, false};
}

TlogAnswer tile_of(std::string body, unsigned width) {
  const bool is_full = width == full_tile_width;
  return {std::move(body), tile_type, is_full ? full_is_fresh : partial_is_fresh, is_full};
}

Result<TlogAnswer> tile_answer(const LedgerReader& reader, const TlogTile& tile, std::uint64_t size) {
  const std::uint64_t whole = tile.level < most_levels ? size >> (bits_per_level * tile.level) : 0;
  if (tile.number > whole / full_tile_width || tile.number * full_tile_width + tile.width > whole)
    return not_covered(size);
  std::string body;
  body.reserve(tile.width * sizeof(Hash));
  for (unsigned slot = 0; slot < tile.width; ++slot) {
    const auto hash = reader.hashes()->subtree(bits_per_level * tile.level, tile.number * full_tile_width + slot);
    AUTOHEAL_TRY(hash);
    body += view_of(*hash);
  }
  return tile_of(std::move(body), tile.width);
}

using Leaves = std::vector<std::optional<std::string>>;

// Those whose rows are in the ledger. Only some of the archived part are.
Result<void> take_rows(const LedgerReader& reader, std::uint64_t first, Leaves& leaves) {
  const auto page = reader.read_all({first - 1}, leaves.size());
  AUTOHEAL_TRY(page);
  for (const engine::Entry& entry : page->entries) {
    const std::uint64_t place = entry.position.value - first;
    if (place < leaves.size()) leaves[place] = leaf_line(reader.id(), entry);
  }
  return {};
}

Result<void> take_archived(const LedgerReader& reader, std::uint64_t first, Leaves& leaves) {
  const auto gone = [](const std::optional<std::string>& leaf) { return !leaf; };
  const auto from = std::ranges::find_if(leaves, gone);
  if (from == leaves.end()) return {};
  const auto until = std::find_if(leaves.rbegin(), leaves.rend(), gone).base();  // behind the last one
  const std::uint64_t first_gone = first + static_cast<std::uint64_t>(from - leaves.begin());
  const std::uint64_t last_gone = first + static_cast<std::uint64_t>(until - leaves.begin()) - 1;
  return archived_leaves(reader, first_gone, last_gone, [&](std::uint64_t seq, std::string_view leaf) -> Result<void> {
    leaves[seq - first] = std::string(leaf);
    return {};
  });
}

Result<TlogAnswer> entries_answer(const LedgerReader& reader, const TlogEntries& bundle, std::uint64_t size) {
  if (bundle.number > size / full_tile_width || bundle.number * full_tile_width + bundle.width > size)
    return not_covered(size);
  const std::uint64_t first = bundle.number * full_tile_width + 1;
  Leaves leaves(bundle.width);
  AUTOHEAL_TRY(take_rows(reader, first, leaves));
  AUTOHEAL_TRY(take_archived(reader, first, leaves));
  std::string body;
  for (std::size_t place = 0; place < leaves.size(); ++place) {
    if (!leaves[place]) return failure(ErrorKind::corrupt, fmt::format("entry {} is missing", first + place));
    const std::string& leaf = *leaves[place];
    if (leaf.size() > largest_leaf_bytes) {
      return failure(
          ErrorKind::not_found,
          fmt::format("entry {} is longer than {} bytes: no bundle can hold it", first + place, largest_leaf_bytes),
          "an early version of autoheal wrote it; `autoheal ledger export` prints it");
    }
    body += static_cast<char>(leaf.size() >> 8U);
    body += static_cast<char>(leaf.size() & 0xFFU);
    body += leaf;
  }
  return tile_of(std::move(body), bundle.width);
}

}  // namespace

Result<TlogAnswer> tlog_answer(const LedgerReader& reader, std::string_view path) {
  const auto resource = parse_tlog_path(path);
  AUTOHEAL_TRY(resource);
  const auto newest = reader.newest_checkpoint();
  AUTOHEAL_TRY(newest);
  if (!*newest || reader.hashes() == nullptr) return nothing_signed();
  if (const auto* tile = std::get_if<TlogTile>(&*resource)) return tile_answer(reader, *tile, (*newest)->size);
  if (const auto* bundle = std::get_if<TlogEntries>(&*resource))
    return entries_answer(reader, *bundle, (*newest)->size);
  return checkpoint_answer(reader, **newest);
}

}  // namespace autoheal::store
