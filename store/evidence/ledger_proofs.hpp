// Proofs out of a ledger for people who do not have it: an entry's place in the tree that a signed checkpoint names,
// and that the tree of one checkpoint leads on to another's.
#pragma once

#include <string>
#include <vector>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

struct SignedHead {
  std::string note;  // byte for byte
  Checkpoint checkpoint;
};
// The newest checkpoint, opened with the key that the ledger names. not_found: nothing is signed yet. corrupt: it does
// not belong to this ledger.
[[nodiscard]] Result<SignedHead> newest_signed_head(const LedgerReader& ledger);

// The newest one that a witness of the ledger cosigned, if it covers `least` entries and is by the key that the ledger
// names now; else newest_signed_head().
[[nodiscard]] Result<SignedHead> newest_witnessed_head(const LedgerReader& ledger, std::uint64_t least);

// Both fail with not_found if the entry does not exist, and if it came after the signed head: then the next checkpoint
// covers it.
[[nodiscard]] Result<InclusionProof> prove_entry(const LedgerReader& ledger, engine::Position seq,
                                                 const TreeHead& head);
// The proof of an entry whose row was archived, from its line as it was exported. corrupt: it is another line.
[[nodiscard]] Result<InclusionProof> prove_line(const LedgerReader& ledger, engine::Position seq, std::string_view line,
                                                const TreeHead& head);
// The proofs of all entries of a stream, in order.
[[nodiscard]] Result<std::vector<InclusionProof>> prove_stream(const LedgerReader& ledger, const std::string& stream,
                                                               const TreeHead& head);
// From the tree as it was with `old_size` entries. not_found: it never had so many by then.
[[nodiscard]] Result<ConsistencyProof> prove_growth(const LedgerReader& ledger, std::uint64_t old_size,
                                                    const TreeHead& head);

}  // namespace autoheal::store
