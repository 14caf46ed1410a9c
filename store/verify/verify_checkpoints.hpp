// Compares signed heads with the tree: those in the ledger, the one beside it, and one that was kept elsewhere. Only
// the store includes this header.
#pragma once

#include <optional>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/signing/key_chain.hpp"
#include "autoheal/store/verify/verify_range.hpp"

namespace autoheal::store {

struct CheckpointsFound {
  std::uint64_t count = 0;
  std::uint64_t good_size = 0;              // of the largest one that verifies
  std::optional<std::uint64_t> wrong_size;  // of the smallest one whose root is another
  Problems problems;
};

// The sizes after which pieces of the stored checkpoints begin, those larger than `after`.
[[nodiscard]] std::vector<std::uint64_t> checkpoint_pieces(const SQLite::Database& database,
                                                           const VerifiedLedger& ledger, std::uint64_t after);

// One piece: signature by the key in force, cosignatures of witnesses, origin, size, and root. Throws
// SQLite::Exception.
[[nodiscard]] CheckpointsFound read_checkpoints(const SQLite::Database& database, const VerifiedLedger& ledger,
                                                const KeyChain& keys, const SubtreeHashes& hashes, std::uint64_t after);

// Where the roots leave the signed ones, in words.
void tell_rewritten(const CheckpointsFound& all, Problems& problems);

// `<ledger>.signed`, which is not in the database: a ledger that was cut off or put back is behind it. Read before the
// ledger is looked at (signed_head.hpp), since a writer beside us may sign more. Throws SQLite::Exception.
void check_signed_head(const SQLite::Database& database, const VerifiedLedger& ledger, const SubtreeHashes& hashes,
                       const Result<std::optional<Checkpoint>>& head, std::vector<std::string>& warnings,
                       Problems& problems);

// A checkpoint from elsewhere against the tree.
void check_kept_head(const SQLite::Database& database, const VerifiedLedger& ledger, const TreeHead& kept,
                     const SubtreeHashes& hashes, Problems& problems);

}  // namespace autoheal::store
