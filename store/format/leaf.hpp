// The exact bytes of one ledger entry as an auditor sees and hashes them: a line of `ledger export` without its
// newline, and the leaf of the Merkle tree. Composed here and nowhere else; golden tests pin it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "autoheal/engine/entry.hpp"

namespace autoheal::store {

// The parts of a leaf, as views into a row that is written, a row that was read, or an entry.
struct LeafParts {
  std::uint64_t seq = 0;
  std::string_view type;
  Timestamp time;
  std::string_view stream;
  std::uint64_t version = 0;
  unsigned dataversion = 1;
  std::string_view actor, engine;  // left out where empty
  std::string_view data;           // goes in verbatim
};

// So that its length fits before it in an entry bundle (C2SP tlog-tiles, 16 bits). Data ends at 32 KiB
// (engine/large_data.hpp), and each name around it at 1 KiB (engine/entry.hpp).
inline constexpr std::size_t largest_leaf_bytes = 65'535;

// A CloudEvents 1.0 object on one line, put at the end of `line`. Pure.
void append_leaf(std::string& line, std::string_view ledger_id, const LeafParts& parts);

[[nodiscard]] LeafParts parts_of(const engine::Entry& entry);  // valid as long as the entry
// Whether its leaf has at most so many bytes, whatever the position will be.
[[nodiscard]] bool fits_in_leaf(std::string_view ledger_id, const engine::Entry& entry);
[[nodiscard]] std::string leaf_line(std::string_view ledger_id, const engine::Entry& entry);

}  // namespace autoheal::store
