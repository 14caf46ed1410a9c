// Tokens in the ledger: each that was made, and each that was revoked; never the token, nor its digest.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"
#include "tools/autoheal/access/token.hpp"

namespace autoheal::cli {

// All of a record but its digest, into an open object; read_token throws std::invalid_argument on anything else.
void write_token(JsonWriter& out, const TokenRecord& token);
[[nodiscard]] TokenRecord token_in(const EntryJson& in);

[[nodiscard]] engine::NewEntry token_created(const TokenRecord& token, const workflows::By& by, Timestamp now);
[[nodiscard]] engine::NewEntry token_revoked(const TokenRecord& token, const workflows::By& by, Timestamp now);

// Those that the ledger says were made and not revoked since. A rollback of the ledger that somebody accepted ends all
// that were made before, since their revocations may be among what is gone; and so does the archiving of the entry.
[[nodiscard]] Result<std::vector<TokenRecord>> tokens_in(const engine::LedgerView& ledger);

// Those of the file that the ledger knows in just the same words: what either of them says is revoked is revoked, so
// that a backup of one of them revives nothing.
[[nodiscard]] std::vector<TokenRecord> agreed(std::vector<TokenRecord> in_file,
                                              const std::vector<TokenRecord>& in_ledger);

}  // namespace autoheal::cli
