// The witnesses of a ledger (C2SP tlog-cosignature): who else is trusted to say that they saw its head, as entries of
// the ledger name them, and what each of them saw.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace SQLite {
class Database;
}

namespace autoheal::store {

inline constexpr std::size_t most_witnesses = 32;  // a note has at most 64 signatures
inline constexpr char witness_added[] = "ledger.witness_added", witness_removed[] = "ledger.witness_removed";

struct Witness {
  VerifierKey key;  // of type 0x04
  std::string added_by;
  Timestamp added;
};

// The key of a witness, as a person gives it. invalid: no verifier key, one of another type, or one that is named like
// the ledger itself.
[[nodiscard]] Result<VerifierKey> read_witness_key(std::string_view text, std::string_view ledger_id);

// Those that were added and not removed since, in the order in which they were added. corrupt: an entry cannot be read.
[[nodiscard]] Result<std::vector<Witness>> witnesses_of(const engine::LedgerView& ledger);
[[nodiscard]] std::vector<VerifierKey> keys_of(const std::vector<Witness>& witnesses);
// Every one that there ever was, for verification: what it signed then still has to hold. Entries that cannot be read
// are passed over, since others report them. Throws SQLite::Exception.
[[nodiscard]] std::vector<VerifierKey> all_witness_keys(const SQLite::Database& database);

// The name in table `meta` under which the size of the largest checkpoint stands that the witness cosigned.
[[nodiscard]] std::string cosigned_size_name(const VerifierKey& witness);

struct WitnessedHead {
  StoredCheckpoint checkpoint;
  std::uint64_t unix_s = 0;  // by the clock of the witness
};
// The largest checkpoint that carries its cosignature; empty if none does. Errors as LedgerReader.
[[nodiscard]] Result<std::optional<WitnessedHead>> newest_head_of(const LedgerReader& ledger,
                                                                  const VerifierKey& witness);

}  // namespace autoheal::store
