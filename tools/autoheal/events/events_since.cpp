#include "tools/autoheal/events/events_since.hpp"

#include <algorithm>

#include "autoheal/engine/large_data.hpp"

namespace autoheal::cli {

Result<bool> EventsSince::take_page(const store::LedgerReader& ledger, const store::Vault& vault, const Take& take) {
  const auto page = ledger.read_all(place_, most_entries_of_page);
  AUTOHEAL_TRY(page);
  for (const engine::Entry& entry : page->entries) {
    std::string from_blob;
    const auto data = engine::lengthen(vault, std::string_view(entry.data), from_blob);
    const std::string_view text = data ? *data : std::string_view(entry.data);
    unsigned index = 0;
    for (const workflows::BusEvent& event : workflows::events_of(entry, text, ledger, phases_))
      take(event, entry, index++);
  }
  if (page->entries.empty()) return false;
  place_ = page->entries.back().position;
  return true;
}

bool is_asked_for(const std::vector<std::string>& topics, std::string_view topic) {
  return topics.empty() ||
         std::ranges::any_of(topics, [&](const auto& one) { return workflows::topic_matches(one, topic); });
}

}  // namespace autoheal::cli
