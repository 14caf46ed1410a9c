#include "tools/autoheal/steward/ledger_steward.hpp"

#include <algorithm>
#include <utility>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::cli {

namespace {
constexpr std::size_t page_entries = 1'000;
}

Result<LedgerSteward::Seen> LedgerSteward::figures() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return failure(ErrorKind::unavailable, "the metrics are being counted for another request", "try again");
  const auto ledger = store::LedgerReader::open(path_);
  AUTOHEAL_TRY(ledger);
  const auto head = (*ledger)->head();
  AUTOHEAL_TRY(head);
  if (!std::exchange(begun_, true)) place_.value = since_.value - std::min(since_.value, remembered_entries);
  AUTOHEAL_TRY(read_on(**ledger, *head));
  auto witnesses = standing_of_witnesses(**ledger);
  AUTOHEAL_TRY(witnesses);
  Seen seen{steward_.figures(), *head, std::move(*witnesses)};
  plugins.tell(seen.figures);
  return seen;
}

Result<void> LedgerSteward::read_on(const engine::LedgerView& ledger, engine::Position head) {
  while (place_ < head) {
    const auto page = ledger.read_all(place_, page_entries);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;  // the rest is archived
    for (const engine::Entry& entry : page->entries) take(entry);
  }
  return {};
}

void LedgerSteward::take(const engine::Entry& entry) {
  std::string from_blob;
  const auto data = engine::lengthen(blobs_, std::string_view(entry.data), from_blob);
  const std::string_view text = data ? *data : std::string_view();  // what the vault no longer has cannot be read
  if (since_ < entry.position) {
    steward_.take(entry, text);
  } else {
    steward_.remember(entry, text);
  }
  place_ = entry.position;
}

}  // namespace autoheal::cli
