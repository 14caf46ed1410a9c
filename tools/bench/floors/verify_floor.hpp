// The least that verification has to do, by SQLite's own interface: every row read, its leaf composed and hashed, and
// one root over all. Nothing is compared with anything.
#pragma once

#include <cstdint>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::bench {

// The head of the tree over all rows. The rows are dense.
[[nodiscard]] Result<store::TreeHead> bare_head(const std::string& file, const std::string& ledger_id,
                                                unsigned threads);

}  // namespace autoheal::bench
