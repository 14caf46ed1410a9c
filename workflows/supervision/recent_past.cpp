#include "autoheal/workflows/supervision/recent_past.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "autoheal/engine/large_data.hpp"

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

bool matters(const engine::Entry& entry) {
  static constexpr std::string_view types[] = {
      "heal.triggered", "heal.exhausted", "heal.completed", "selftest.engine_tested", "engine.reset",
      "config.loaded",  "heal.skipped",   "node.started",   "node.heartbeat",         "node.stopped"};
  return std::ranges::find(types, entry.type) != std::end(types);
}

struct Remembered {
  engine::Entry entry;
  Duration passed;  // since the first one that was read
};

// Services that somebody stopped, and the daemon left alone since. A new boot starts them. Each heartbeat lists them
// all; between two heartbeats, each skip and each test that passed counts.
class Stopped {
 public:
  void take(const engine::Entry& entry) {
    if (entry.type == "node.started") {
      const auto boot = part_of(entry, "/boot_id");
      if (!boot.is_string()) return;
      if (boot_ != boot.get<std::string>()) engines_.clear();
      boot_ = boot.get<std::string>();
    } else if (entry.type == "node.heartbeat" || entry.type == "node.stopped") {
      take_list(entry);
    } else if (entry.type == "heal.skipped") {
      if (part_of(entry, "/reason") == "stopped_by_hand") engines_.insert(entry.subject);
    } else if (entry.type != "selftest.engine_tested" || part_of(entry, "/outcome") == "passed") {
      engines_.erase(entry.subject);
    }
  }
  void tell(Watch& watch) const {
    for (const std::string& engine : engines_) watch.remember_stopped(engine);
  }

 private:
  void take_list(const engine::Entry& entry) {
    const auto boot = part_of(entry, "/boot_id"), listed = part_of(entry, "/stopped_by_hand");
    if (!boot.is_string() || !listed.is_array()) return;  // of a daemon that did not list them
    boot_ = boot.get<std::string>();
    engines_.clear();
    for (const auto& engine : listed) {
      if (engine.is_string()) engines_.insert(engine.get<std::string>());
    }
  }

  std::string boot_;
  std::set<std::string> engines_;
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

// However long nobody ran: the last daemon's last list is among the last entries before.
Result<Stopped> stopped_before(const engine::LedgerView& ledger, engine::Position place) {
  const engine::Position from{place.value > page_entries ? place.value - page_entries : 0};
  const auto page = ledger.read_all(from, place.value - from.value);
  AUTOHEAL_TRY(page);
  Stopped stopped;
  for (const engine::Entry& entry : page->entries) {
    if (matters(entry) && entry.position <= place) stopped.take(entry);
  }
  return stopped;
}

}  // namespace

Result<void> remember_recent_past(const engine::LedgerView& ledger, const engine::BlobStore& blobs,
                                  const engine::Clock& clock, Watch& watch) {
  const Timestamp now = clock.now();
  auto place = place_before(ledger, now - remembered);
  AUTOHEAL_TRY(place);
  const engine::Position first = *place;
  std::vector<Remembered> recent;
  PassedTime passed;
  while (true) {
    auto page = ledger.read_all(*place, page_entries);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;
    for (engine::Entry& entry : page->entries) {
      const Duration at = passed.until(entry.time);
      if (matters(entry)) recent.push_back({std::move(entry), at});
    }
    *place = page->next;
  }
  const Duration began = clock.since_boot() - passed.until(now);
  auto stopped = stopped_before(ledger, first);
  AUTOHEAL_TRY(stopped);
  const std::set<std::string> for_others = ended_for_others(recent);
  for (Remembered& one : recent) {
    stopped->take(one.entry);
    // It is large if there are many engines; one that the vault lost is ignored.
    if (one.entry.type == "config.loaded") one.entry.data = engine::lengthen(blobs, one.entry.data).value_or("{}");
    remember(one.entry, began + one.passed, for_others.contains(one.entry.stream), watch);
  }
  stopped->tell(watch);
  return {};
}

}  // namespace autoheal::workflows
