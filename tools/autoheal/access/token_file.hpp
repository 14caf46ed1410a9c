// The file `<ledger>.tokens`: the digest of each token with what it is good for, 0600. No token can be made from it.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/ledger.hpp"
#include "tools/autoheal/access/token.hpp"

namespace autoheal::cli {

inline constexpr std::size_t most_tokens = 1'000;

[[nodiscard]] std::string tokens_file_of(const std::string& ledger);

// None where there is no file. refused: others may read or write it, it belongs to another user, or it is a link.
// corrupt: it is not what write_tokens writes.
[[nodiscard]] Result<std::vector<TokenRecord>> read_tokens(const std::string& file);
// Whole and durable, in place of what is there. invalid: there are more than `most_tokens`.
[[nodiscard]] Result<void> write_tokens(const std::string& file, const std::vector<TokenRecord>& tokens);

// The file and the ledger, read and compared (token_entries.hpp). Errors as read_tokens, and those of the ledger.
[[nodiscard]] Result<std::vector<TokenRecord>> valid_tokens(const engine::LedgerView& ledger, const std::string& file);

}  // namespace autoheal::cli
