#include "workflows/recent_past.hpp"

#include <nlohmann/json.hpp>

#include "engine/large_data.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t page_entries = 1'000;

// The place before the first entry of that time or later, by halving: this store's positions are dense and its times
// run forward. Where a clock was set back, it is somewhat off; brakes can live with that.
Result<engine::Position> place_before(const engine::LedgerView& ledger, Timestamp time) {
  const auto first = ledger.read_all({}, 1);
  if (!first) return std::unexpected(first.error());
  std::uint64_t before = 0, after = first->head.value;
  while (before < after) {
    const std::uint64_t middle = before + (after - before) / 2;
    const auto page = ledger.read_all(engine::Position{middle}, 1);
    if (!page) return std::unexpected(page.error());
    const bool is_later = page->entries.empty() || page->entries.front().time >= time;
    (is_later ? after : before) = is_later ? middle : middle + 1;
  }
  return engine::Position{before};
}

// What `data` has at `place`; null where there is nothing, or nothing that can be read.
nlohmann::json part_of(const engine::Entry& entry, const char* place) {
  const auto data = nlohmann::json::parse(entry.data, nullptr, false);
  const nlohmann::json::json_pointer pointer(place);
  return data.is_object() && data.contains(pointer) ? data.at(pointer) : nlohmann::json();
}

void remember(const engine::Entry& entry, Duration when, Watch& watch) {
  // What people asked for passes the brakes and does not count for them.
  if (entry.type == "heal.triggered" && part_of(entry, "/by/via") == "daemon") watch.remember_heal(entry.subject, when);
  if (entry.type == "heal.exhausted") watch.remember_exhausted(entry.subject, when);
  if (entry.type == "heal.completed") watch.remember_passed(entry.subject);
  if (entry.type == "selftest.engine_tested" && entry.stream == "ledger" && part_of(entry, "/outcome") == "passed")
    watch.remember_passed(entry.subject);
  if (entry.type == "engine.reset") watch.reset(entry.subject, when);
  if (entry.type != "config.loaded") return;
  for (const auto& engine : part_of(entry, "/engines_changed")) {
    if (engine.is_string()) watch.reset(engine.get<std::string>(), when);
  }
}

}  // namespace

Result<void> remember_recent_past(const engine::LedgerView& ledger, const engine::BlobStore& blobs,
                                  const engine::Clock& clock, Watch& watch) {
  const Timestamp now = clock.now();
  const Duration now_since_boot = clock.since_boot();
  auto place = place_before(ledger, now - remembered);
  if (!place) return std::unexpected(std::move(place.error()));
  while (true) {
    const auto page = ledger.read_all(*place, page_entries);
    if (!page) return std::unexpected(page.error());
    if (page->entries.empty()) return {};
    for (engine::Entry entry : page->entries) {
      // Of many engines it is large; what the vault lost is not remembered.
      if (entry.type == "config.loaded") entry.data = engine::lengthen(blobs, entry.data).value_or("{}");
      remember(entry, now_since_boot - std::chrono::duration_cast<Duration>(now - entry.time), watch);
    }
    *place = page->next;
  }
}

}  // namespace autoheal::workflows
