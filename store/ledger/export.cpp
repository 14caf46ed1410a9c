#include "autoheal/store/ledger/export.hpp"

#include "autoheal/store/format/leaf.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t lines_per_page = 1000;

}  // namespace

Result<std::uint64_t> export_lines(const engine::LedgerView& ledger, ExportRange range, const ExportLine& line) {
  if (!range.last) {
    const auto now = ledger.read_all(range.after, 1);
    AUTOHEAL_TRY(now);
    range.last = now->head;
  }
  std::uint64_t lines = 0;
  while (range.after < *range.last) {
    const auto page = ledger.read_all(range.after, lines_per_page);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;
    for (const engine::Entry& entry : page->entries) {
      if (entry.position > *range.last) return lines;
      ++lines;
      if (!line(leaf_line(ledger.id(), entry), entry)) return lines;
    }
    range.after = page->next;
  }
  return lines;
}

}  // namespace autoheal::store
