#include "tools/autoheal/heal_list.hpp"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "engine/large_data.hpp"
#include "workflows/heal_table.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t page_entries = 5'000;

// Only what the summary shows is read; a line that cannot be read is left as it is, `ledger verify` tells of it.
void take(HealSummary& summary, const engine::Entry& entry, const engine::BlobStore& blobs) {
  summary.newest = entry.time;
  if (const auto next = workflows::phase_after(summary.phase, entry.type)) summary.phase = *next;
  const bool reads =
      entry.type == "heal.triggered" || entry.type == "heal.repair_started" || entry.type == "heal.exhausted";
  if (!reads) return;
  const auto data = engine::lengthen(blobs, entry.data);
  const auto json = nlohmann::json::parse(data.value_or(std::string()), nullptr, false);
  if (!json.is_object()) return;
  if (entry.type == "heal.triggered") {
    summary.engine = entry.subject;
    summary.actor = entry.actor;
    summary.began = entry.time;
    summary.strategy = json.value("strategy", std::string());
  } else if (entry.type == "heal.repair_started") {
    summary.attempts = json.value("attempt", 0U);
  } else {
    summary.reason = json.value("reason", std::string());
  }
}

}  // namespace

Result<std::vector<HealSummary>> list_heals(const engine::LedgerView& ledger, const engine::BlobStore& blobs) {
  std::vector<HealSummary> heals;
  std::unordered_map<std::string, std::size_t> places;
  engine::Position at;
  while (true) {
    auto page = ledger.read_all(at, page_entries);
    if (!page) return std::unexpected(std::move(page.error()));
    if (page->entries.empty()) return heals;
    for (const engine::Entry& entry : page->entries) {
      if (!entry.type.starts_with("heal.") || entry.stream == "ledger") continue;
      const auto [place, fresh] = places.try_emplace(entry.stream, heals.size());
      if (fresh) heals.emplace_back().heal = entry.stream;
      take(heals[place->second], entry, blobs);
    }
    at = page->next;
  }
}

}  // namespace autoheal::cli
