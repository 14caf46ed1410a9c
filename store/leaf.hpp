// The exact bytes of one ledger entry as an auditor sees and hashes them: a line of `ledger export` without its
// newline, and the leaf of the Merkle tree. Composed here and nowhere else; golden tests pin it.
#pragma once

#include <string>
#include <string_view>

#include "engine/entry.hpp"

namespace autoheal::store {

// A CloudEvents 1.0 object on one line; an empty actor or subject is left out; `data` goes in verbatim. Pure.
[[nodiscard]] std::string leaf_line(std::string_view ledger_id, const engine::Entry& entry);

}  // namespace autoheal::store
