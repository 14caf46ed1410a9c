#include "autoheal/replay/decide/all_heals.hpp"

#include <map>
#include <mutex>
#include <unordered_set>

namespace autoheal::replay {

namespace {

constexpr std::size_t most_told = 1'000;

// Counts the results of all heals, from all workers.
class Counts {
 public:
  void take(const WholeHeal& whole, const engine::Entry& first, const Replayed& replayed) {
    const bool same = replayed.verdict == Verdict::same;
    const std::lock_guard lock(mutex_);
    if (whole.again && (same || bad_.contains(first.stream))) return;
    whole.again ? --all_.same : ++all_.heals;
    all_.decided += whole.again ? 0 : replayed.entries;
    all_.taken += whole.again ? 0 : replayed.taken;
    ++(same ? all_.same : replayed.verdict == Verdict::diverged ? all_.diverged : all_.set_aside);
    if (same) return;
    bad_.insert(first.stream);
    const auto& found = replayed.divergence;
    told_.emplace(whole.order,
                  NotTheSame{first.stream, first.subject, replayed.verdict,
                             found ? found->position : engine::Position{}, found ? line_of(*found) : replayed.why});
    if (told_.size() > most_told) told_.erase(std::prev(told_.end()));
  }

  AllHeals take_all() {
    for (auto& [order, told] : told_) all_.not_the_same.push_back(std::move(told));
    return std::move(all_);
  }

 private:
  std::mutex mutex_;
  AllHeals all_;
  std::unordered_set<std::string> bad_;
  std::multimap<std::uint64_t, NotTheSame> told_;
};

}  // namespace

Result<AllHeals> replay_all(const engine::LedgerView& ledger, const engine::BlobStore& vault, Adoptions& adoptions,
                            const AllHealsOptions& options) {
  Counts counts;
  const auto entries = for_each_heal(ledger, vault, adoptions, options, [&](WholeHeal whole, const PastWorld& world) {
    const engine::Entry first = whole.entries.front();
    RecordedHeal heal(std::move(whole.entries), world.blobs());
    counts.take(whole, first, replay_heal(heal, world, options.decide));
  });
  AUTOHEAL_TRY(entries);
  AllHeals all = counts.take_all();
  all.entries = *entries;
  return all;
}

}  // namespace autoheal::replay
