// The question of a log to a witness and its answer (C2SP tlog-witness, add-checkpoint): texts, however they travel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/format/verifier_key.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

struct AddCheckpoint {
  std::uint64_t old_size = 0;  // what the witness saw last; 0: nothing yet
  std::vector<Hash> proof;     // that the tree of that size leads on to the checkpoint's; empty from size 0
  std::string checkpoint;      // the signed note, byte for byte
  friend bool operator==(const AddCheckpoint&, const AddCheckpoint&) = default;
};

// The body of `POST <submission prefix>/add-checkpoint`. Pure.
[[nodiscard]] std::string to_text(const AddCheckpoint& request);
// The ledger's newest checkpoint, for a witness that saw `old_size` entries of it. not_found: nothing is signed yet.
// refused: the witness saw more than the ledger has, which was put back or cut off. Others as LedgerReader.
[[nodiscard]] Result<AddCheckpoint> add_checkpoint_for(const LedgerReader& ledger, std::uint64_t old_size);

// Signature lines to be put at the end of the checkpoint. They prove nothing until with_cosignatures() has looked.
struct CosignatureLines {
  std::string lines;
  friend bool operator==(const CosignatureLines&, const CosignatureLines&) = default;
};
// The witness saw so many entries, not `old_size`: ask again from there.
struct OtherOldSize {
  std::uint64_t size = 0;
  friend bool operator==(const OtherOldSize&, const OtherOldSize&) = default;
};
using WitnessAnswer = std::variant<CosignatureLines, OtherOldSize>;

inline constexpr std::size_t most_witness_answer_bytes = 64 * 1024;

// The content type of an answer that is a size.
inline constexpr std::string_view witness_size_type = "text/x.tlog.size";

// Reads the answer of a witness, which is outside input. Pure.
// not_found (404): it does not know this ledger. refused (403): it trusts another key of it. corrupt (422): for it the
// ledger is not the one that it saw before. unavailable: any other status. invalid (400, or an answer that is not as
// the specification has it): the message says what is wrong with it.
[[nodiscard]] Result<WitnessAnswer> read_witness_answer(unsigned status, std::string_view content_type,
                                                        std::string_view body);

// The note to keep of an answer: the text of the checkpoint that was asked about, with the newest signature line of
// `witness` alone, so that a witness cannot hand in more than its own. Empty: the checkpoint carries it already, or a
// newer one. Pure.
// corrupt: its line does not verify. refused: there is none of its key. invalid: its time, as with_cosignatures().
[[nodiscard]] Result<std::string> cosignature_of(const VerifierKey& witness, const AddCheckpoint& request,
                                                 const CosignatureLines& answer, Timestamp now);

}  // namespace autoheal::store
