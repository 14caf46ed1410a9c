#include "autoheal/workflows/supervision/recent_past.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/supervision/stopped_services.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t page_entries = 1'000;

// The position before the first entry of that time or later, by binary search: positions are dense and times run
// forward. If a clock was set back, it finds an earlier one.
Result<engine::Position> place_before(const engine::LedgerView& ledger, Timestamp time) {
  const auto first = ledger.read_all({}, 1);
  AUTOHEAL_TRY(first);
  std::uint64_t before = 0, after = first->head.value;
  while (before < after) {
    const std::uint64_t middle = before + (after - before) / 2;
    const auto page = ledger.read_all(engine::Position{middle}, 1);
    AUTOHEAL_TRY(page);
    const bool is_later = page->entries.empty() || page->entries.front().time >= time;
    (is_later ? after : before) = is_later ? middle : middle + 1;
  }
  return engine::Position{before};
}

// The part of `data` at `place`; null if it is missing or unreadable.
nlohmann::json part_of(const engine::Entry& entry, const char* place) {
  const auto data = nlohmann::json::parse(entry.data, nullptr, false);
  const nlohmann::json::json_pointer pointer(place);
  return data.is_object() && data.contains(pointer) ? data.at(pointer) : nlohmann::json();
}

// How much time passed over the entries, by their own times. Where the wall clock was set back none did: a pause must
// not last longer than it was planned, and what happened over a day must not look like one hour's.
class PassedTime {
 public:
  Duration until(Timestamp time) {
    if (before_ && time > *before_) passed_ += time - *before_;
    before_ = time;
    return passed_;
  }

 private:
  std::optional<Timestamp> before_;
  Duration passed_{0};
};

bool draws_a_brake(const engine::Entry& entry) {
  static constexpr std::string_view types[] = {"heal.triggered",         "heal.exhausted", "heal.completed",
                                               "selftest.engine_tested", "engine.reset",   "config.loaded"};
  return std::ranges::find(types, entry.type) != std::end(types);
}

struct Remembered {
  engine::Entry entry;
  Duration passed;  // since the first one that was read
};

// Heals whose end says nothing of their engine: what it needs failed, or somebody wanted hands off.
std::set<std::string> ended_for_others(const std::vector<Remembered>& recent) {
  std::set<std::string> streams;
  for (const auto& [entry, passed] : recent) {
    if (entry.type != "heal.exhausted") continue;
    const auto reason = part_of(entry, "/reason");
    if (reason.is_string() && concerns_others(reason.get<std::string>())) streams.insert(entry.stream);
  }
  return streams;
}

void remember(const engine::Entry& entry, Duration when, bool for_others, Watch& watch) {
  // Heals that people asked for pass the brakes and do not count for them.
  const bool counts = entry.type == "heal.triggered" && part_of(entry, "/by/via") == "daemon";
  if (counts && !for_others) watch.remember_heal(entry.subject, when);
  if (entry.type == "heal.exhausted" && !for_others) watch.remember_exhausted(entry.subject, when);
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
  auto place = place_before(ledger, now - remembered);
  AUTOHEAL_TRY(place);
  auto stopped = StoppedServices::at(*place, ledger, blobs);
  AUTOHEAL_TRY(stopped);
  std::vector<Remembered> recent;
  PassedTime passed;
  while (true) {
    auto page = ledger.read_all(*place, page_entries);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;
    for (engine::Entry& entry : page->entries) {
      const Duration at = passed.until(entry.time);
      if (StoppedServices::matters(entry)) stopped->take(entry, blobs);
      if (draws_a_brake(entry)) recent.push_back({std::move(entry), at});
    }
    *place = page->next;
  }
  const Duration began = clock.since_boot() - passed.until(now);
  const std::set<std::string> for_others = ended_for_others(recent);
  for (Remembered& one : recent) {
    // It is large if there are many engines; one that the vault lost is ignored.
    if (one.entry.type == "config.loaded") one.entry.data = engine::lengthen(blobs, one.entry.data).value_or("{}");
    remember(one.entry, began + one.passed, for_others.contains(one.entry.stream), watch);
  }
  stopped->tell(watch);
  return {};
}

}  // namespace autoheal::workflows
