#include "autoheal/workflows/supervision/stopped_services.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>

#include "autoheal/engine/large_data.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::uint64_t entries_per_page = 1'000;
constexpr unsigned most_pages_back = 100;

nlohmann::json parsed(const engine::Entry& entry, const engine::BlobStore& blobs) {
  auto data = nlohmann::json::parse(engine::lengthen(blobs, entry.data).value_or("{}"), nullptr, false);
  return data.is_object() ? data : nlohmann::json::object();
}

std::string text_of(const nlohmann::json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool has_list(const engine::Entry& entry, const engine::BlobStore& blobs) {
  if (entry.type != "node.heartbeat" && entry.type != "node.stopped") return false;
  const auto data = parsed(entry, blobs);
  return data.contains("stopped_by_hand") && data["stopped_by_hand"].is_array();
}

// The place before the last list, or `place` itself where none is found.
Result<engine::Position> before_last_list(engine::Position place, const engine::LedgerView& ledger,
                                          const engine::BlobStore& blobs) {
  std::uint64_t end = place.value;
  for (unsigned pages = 0; end > 0 && pages < most_pages_back; ++pages) {
    const std::uint64_t begin = end - std::min(end, entries_per_page);
    const auto page = ledger.read_all(engine::Position{begin}, end - begin);
    AUTOHEAL_TRY(page);
    for (const engine::Entry& entry : page->entries | std::views::reverse) {
      if (entry.position.value <= end && has_list(entry, blobs)) return engine::Position{entry.position.value - 1};
    }
    end = begin;
  }
  return place;
}

}  // namespace

Result<StoppedServices> StoppedServices::at(engine::Position place, const engine::LedgerView& ledger,
                                            const engine::BlobStore& blobs) {
  StoppedServices stopped;
  auto from = before_last_list(place, ledger, blobs);
  AUTOHEAL_TRY(from);
  while (*from < place) {
    const auto page = ledger.read_all(*from, entries_per_page);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;
    for (const engine::Entry& entry : page->entries) {
      if (entry.position <= place && matters(entry)) stopped.take(entry, blobs);
    }
    *from = page->next;
  }
  return stopped;
}

bool StoppedServices::matters(const engine::Entry& entry) {
  static constexpr std::string_view types[] = {
      "heal.triggered", "heal.exhausted", "heal.completed", "heal.skipped",   "selftest.engine_tested",
      "engine.reset",   "config.loaded",  "node.started",   "node.heartbeat", "node.stopped"};
  return std::ranges::find(types, entry.type) != std::end(types);
}

void StoppedServices::take(const engine::Entry& entry, const engine::BlobStore& blobs) {
  if (entry.type.starts_with("node.")) return take_node(entry, blobs);
  if (entry.type == "heal.skipped") {
    if (text_of(parsed(entry, blobs), "reason") == "stopped_by_hand") engines_.insert(entry.subject);
  } else if (entry.type != "selftest.engine_tested" || text_of(parsed(entry, blobs), "outcome") == "passed") {
    engines_.erase(entry.subject);
  }
}

void StoppedServices::take_node(const engine::Entry& entry, const engine::BlobStore& blobs) {
  const auto data = parsed(entry, blobs);
  if (const std::string boot = text_of(data, "boot_id"); !boot.empty()) {
    if (!boot_.empty() && boot_ != boot) engines_.clear();
    boot_ = boot;
  }
  const auto listed = data.find("stopped_by_hand");
  if (listed == data.end() || !listed->is_array()) return;
  engines_.clear();
  for (const auto& engine : *listed) {
    if (engine.is_string()) engines_.insert(engine.get<std::string>());
  }
}

void StoppedServices::tell(Watch& watch) const {
  for (const std::string& engine : engines_) watch.remember_stopped(engine);
}

}  // namespace autoheal::workflows
