// The valid tokens as an answer: all about each of them but what it is checked with.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/ledger.hpp"

namespace autoheal::cli {

// {"items":[...]} of the ledger at this path. Errors as valid_tokens.
[[nodiscard]] Result<std::string> token_list(const engine::LedgerView& ledger, const std::string& path);

}  // namespace autoheal::cli
