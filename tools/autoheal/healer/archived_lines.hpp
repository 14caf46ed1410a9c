// Entries out of archive files, each checked against the ledger's tree before it is given out.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::cli {

using ArchivedLine = std::function<void(std::string_view line)>;

// The lines after `after` of all `files`, in order. Returns the last entry that came, or `after`; rows go on after it.
// not_found: an archived entry is in none of them. Errors of read_archive().
[[nodiscard]] Result<engine::Position> export_archives(const store::LedgerReader& ledger,
                                                       const std::vector<std::string>& files, engine::Position after,
                                                       const ArchivedLine& line);

// Each as `ask` wants them (by number and stream), of all `files`.
struct LineOfArchive {
  engine::Position seq;
  std::string line;
};
[[nodiscard]] Result<std::vector<LineOfArchive>> lines_in_archives(
    const store::LedgerReader& ledger, const std::vector<std::string>& files,
    const std::function<bool(engine::Position seq, std::string_view stream)>& ask);

}  // namespace autoheal::cli
