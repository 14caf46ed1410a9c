// Each index read from end to end: its order, its streams, and a sum to hold against that of the rows. SQLite's own
// quick_check does not compare indexes with rows, and its integrity_check takes as long as everything else together.
// Only the store includes this header.
#pragma once

#include "autoheal/store/signing/verify_problem.hpp"
#include "autoheal/store/verify/index_checksum.hpp"

namespace autoheal::store {

struct IndexFound {
  IndexSum sum;  // of what it says of entries up to `last`
  Problems problems;
};

// Only some of the first `archived` entries are left, so streams may begin later than with version 1 and have gaps up
// to there. Throws SQLite::Exception if the index cannot be read.
[[nodiscard]] IndexFound read_index(const SQLite::Database& database, const EntryIndex& index, const SumKey& key,
                                    std::uint64_t last, std::uint64_t archived);

}  // namespace autoheal::store
