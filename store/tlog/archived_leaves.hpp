// Entries that left the ledger, out of the archive files that its entries `ledger.archived` name.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

// Gives the lines of the entries `first` to `last`, in order, each checked against the ledger's tree. Reads each file
// up to the last line it needs: up to the whole of it. not_found: one of them was not archived, or its file is not
// where it was written. corrupt: the file is not what was written. `line` ends it with an error of its own.
[[nodiscard]] Result<void> archived_leaves(
    const LedgerReader& reader, std::uint64_t first, std::uint64_t last,
    const std::function<Result<void>(std::uint64_t seq, std::string_view leaf)>& line);

}  // namespace autoheal::store
