// The rows that were moved out of the ledger and where to, as its entries `ledger.archived` say; for everybody who asks
// for an entry that is no longer there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"

namespace autoheal::cli {

struct ArchivedRange {
  std::uint64_t first = 0, last = 0;
  Timestamp from, until;  // of the first and the last entry
  std::string file;       // where it was written; it may have been moved since
  std::string sha256;
  std::uint64_t bytes = 0, blobs = 0;
  std::string root;  // 64 hex digits: of the tree with `last` entries
  // The rows up to `last` that stay: how many, and the SHA-256 (hex) of their numbers, each with a newline. With it
  // nobody can take one of them away unnoticed, too.
  std::uint64_t kept = 0;
  std::string kept_sha256;
};

[[nodiscard]] engine::NewEntry ledger_archived(const ArchivedRange& range, const workflows::By& by, Timestamp now);

// Oldest first. corrupt: an entry cannot be read.
[[nodiscard]] Result<std::vector<ArchivedRange>> archived_ranges(const engine::LedgerView& ledger);

// Why a heal is not there, where it may have been archived (its id tells when it began): the error says in which file
// to look. Empty: nothing was archived since.
[[nodiscard]] std::optional<Error> archived_heal(const engine::LedgerView& ledger, const std::string& heal);
// The same of an entry by its number.
[[nodiscard]] std::optional<Error> archived_entry(const engine::LedgerView& ledger, std::uint64_t seq);

// The fault of the rows that should have stayed, as a sentence; empty: nothing, or rows are still on their way
// out.
[[nodiscard]] Result<std::optional<std::string>> problem_of_kept(const store::LedgerReader& ledger);

// Entries of the stream "ledger" that still count when all around them is archived: what is held, adopted, loaded,
// switched, when daemons began and ended, and what happened to the ledger itself. They stay as rows.
[[nodiscard]] bool still_counts(const engine::Entry& entry);

}  // namespace autoheal::cli
