// The whole ledger as lines that anyone can hash: what `ledger export` and `audit -o jsonl` print.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "autoheal/engine/ledger.hpp"

namespace autoheal::store {

struct ExportRange {
  engine::Position after;                // excluded
  std::optional<engine::Position> last;  // included; empty: the head when it begins
};

// One line without its newline, in order; false ends the export.
using ExportLine = std::function<bool(std::string_view line, const engine::Entry& entry)>;

// Returns how many lines were given out. Same thread as the ledger; holds no transaction between pages. Errors of the
// ledger.
[[nodiscard]] Result<std::uint64_t> export_lines(const engine::LedgerView& ledger, ExportRange range,
                                                 const ExportLine& line);

}  // namespace autoheal::store
