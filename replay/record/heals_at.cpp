#include "autoheal/replay/record/heals_at.hpp"

#include <fmt/core.h>

#include <map>
#include <set>
#include <unordered_map>

#include "autoheal/replay/record/recorded_heal.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"

namespace autoheal::replay {

namespace {

constexpr std::size_t entries_at_once = 5'000;

class Fold {
 public:
  Fold(const engine::BlobStore& blobs, const Moment& moment) : blobs_(blobs), moment_(moment) {}

  void take(const engine::Entry& entry) {
    auto found = open_.find(entry.stream);
    if (found == open_.end()) {
      if (entry.type != "heal.triggered" || moment_.is_before(entry)) return;
      found = open_.try_emplace(entry.stream).first;
      found->second.heal = entry.stream;
      found->second.newest = entry.position;
      began_[entry.stream] = entry.position;
    }
    HealThen& heal = found->second;
    if (!heal.unreadable.empty() || stopped_.contains(entry.stream)) return;
    // A clock that was set back does not bring later entries before the moment.
    if (moment_.is_before(entry)) {
      stopped_.insert(entry.stream);
      return;
    }
    const auto decoded = replay::decoded(entry, blobs_);
    if (!decoded) {
      heal.unreadable = fmt::format("entry {}: {}", entry.position.value, decoded.error().message);
      return;
    }
    heal.state = workflows::apply_heal_entry(std::move(heal.state), *decoded);
    heal.newest = entry.position;
    heal.since = entry.time;
    if (heal.state.phase() == workflows::Phase::complete) ++then_.complete;
    if (heal.state.phase() == workflows::Phase::exhausted) ++then_.exhausted;
    if (heal.state.step() != workflows::Step::ended) return;
    began_.erase(entry.stream);
    open_.erase(found);
  }

  HealsThen done() {
    std::map<engine::Position, std::string> in_order;
    for (const auto& [stream, position] : began_) in_order[position] = stream;
    for (const auto& [position, stream] : in_order) then_.open.push_back(std::move(open_.at(stream)));
    return std::move(then_);
  }

 private:
  const engine::BlobStore& blobs_;
  const Moment& moment_;
  std::unordered_map<std::string, HealThen> open_;
  std::unordered_map<std::string, engine::Position> began_;
  std::set<std::string> stopped_;
  HealsThen then_;
};

}  // namespace

Result<HealsThen> heals_at(const engine::LedgerView& ledger, const engine::BlobStore& blobs, const Moment& moment,
                           const std::function<void(engine::Position done, engine::Position head)>& progress) {
  Fold fold(blobs, moment);
  engine::Position at;
  while (true) {
    const auto page = ledger.read_all(at, entries_at_once);
    AUTOHEAL_TRY(page);
    for (const engine::Entry& entry : page->entries) fold.take(entry);
    const bool past_it = moment.entry && !page->entries.empty() && *moment.entry < page->next;
    if (page->entries.empty() || past_it) return fold.done();
    at = page->next;
    if (progress) progress(at, page->head);
  }
}

}  // namespace autoheal::replay
