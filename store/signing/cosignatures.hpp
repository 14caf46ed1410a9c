// Cosignatures of witnesses on a checkpoint that the ledger signed before (C2SP tlog-cosignature): further signature
// lines of the same note, which readers who do not know them pass over.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/format/stored_checkpoint.hpp"

namespace autoheal::store {

// Who of `witnesses` cosigned the note, in their order, with their newest cosignature each; what does not verify does
// not count. Pure.
[[nodiscard]] std::vector<NoteSigner> cosigners_of(std::string_view note, std::span<const VerifierKey> witnesses);

struct Cosigned {
  StoredCheckpoint checkpoint;      // with one line of each witness: the newest
  std::vector<NoteSigner> signers;  // whose lines are new in it
};
// Moves the cosignatures of `witnesses` from the note `given` to the checkpoint that is kept. Lines of others are left
// out. Pure.
// invalid: it is no note, or one of another text; a cosignature has no time, or one later than an hour after `now`;
// there would be too many lines. corrupt: one of a known witness does not verify. refused: none is of a known witness.
[[nodiscard]] Result<Cosigned> with_cosignatures(const StoredCheckpoint& kept, std::string_view given,
                                                 std::span<const VerifierKey> witnesses, Timestamp now);

}  // namespace autoheal::store
