#include "autoheal/replay/record/each_heal.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <unordered_set>

namespace autoheal::replay {

namespace {

constexpr std::size_t page_entries = 5'000;
constexpr std::size_t batch_entries = 2'000;        // what a worker takes at once
constexpr std::size_t queued_batches = 64;          // waiting for a worker, at most
constexpr std::size_t most_open_entries = 500'000;  // of heals that have not ended; beyond, they are read once more

using HealBatch = std::vector<WholeHeal>;

// Holds the reader back when the workers do not keep up.
class Queue {
 public:
  void put(HealBatch batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return batches_.size() < queued_batches; });
    batches_.push_back(std::move(batch));
    filled_.notify_one();
  }
  // Empty: there will be no more.
  std::optional<HealBatch> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    HealBatch batch = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
    return batch;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<HealBatch> batches_;
  bool closed_ = false;
};

// Reads the ledger in order and hands each heal on when it is whole.
class Reader {
 public:
  Reader(const engine::LedgerView& ledger, const engine::BlobStore& vault, Adoptions& adoptions, Queue& queue)
      : ledger_(ledger), vault_(vault), adoptions_(adoptions), queue_(queue) {}

  Result<std::uint64_t> read(const EachHealOptions& options) {
    engine::Position at;
    std::uint64_t entries = 0;
    while (true) {
      auto page = ledger_.read_all(at, page_entries);
      AUTOHEAL_TRY(page);
      if (page->entries.empty()) break;
      at = page->next;
      entries += page->entries.size();
      for (engine::Entry& entry : page->entries) {
        if (options.look) options.look(entry);
        take(std::move(entry));
      }
      if (options.progress) options.progress(at, page->head);
    }
    for (auto& [stream, heal] : open_) hand_on(std::move(heal));
    open_.clear();
    AUTOHEAL_TRY(read_once_more());
    if (!batch_.empty()) queue_.put(std::move(batch_));
    return entries;
  }

 private:
  void take(engine::Entry entry) {
    // One that cannot be read is told of by the heals that lean on it.
    if (entry.type == "baseline.adopted") (void)adoptions_.take(entry, vault_);
    const bool begins = entry.type == "heal.triggered" && entry.version == 1;
    auto found = open_.find(entry.stream);
    if (found == open_.end()) {
      if (!begins) return belongs_to_an_ended_one(entry);
      found = open_.try_emplace(entry.stream, WholeHeal{++began_, {}, false}).first;
    }
    const bool ends = entry.type == "heal.completed" || entry.type == "heal.exhausted";
    found->second.entries.push_back(std::move(entry));
    ++open_entries_;
    if (ends) {
      open_entries_ -= found->second.entries.size();
      hand_on(std::move(found->second));
      open_.erase(found);
    } else if (open_entries_ > most_open_entries) {
      for (auto& [stream, heal] : open_) {
        known_later_.insert(stream);
        later_.emplace(heal.order, std::pair(stream, false));
      }
      open_.clear();
      open_entries_ = 0;
    }
  }

  // Rolled back once more, or one that was put off.
  void belongs_to_an_ended_one(const engine::Entry& entry) {
    if (!entry.type.starts_with("heal.") || entry.stream == "ledger") return;
    if (known_later_.insert(entry.stream).second) later_.emplace(++began_, std::pair(entry.stream, true));
  }

  Result<void> read_once_more() {
    for (const auto& [order, one] : later_) {
      auto entries = ledger_.read_stream(one.first, 1);
      AUTOHEAL_TRY(entries);
      if (entries->empty()) continue;
      const bool was_counted = one.second && entries->front().type == "heal.triggered";
      hand_on({order, std::move(*entries), was_counted});
    }
    return {};
  }

  void hand_on(WholeHeal heal) {
    batched_ += heal.entries.size();
    batch_.push_back(std::move(heal));
    if (batched_ < batch_entries) return;
    queue_.put(std::exchange(batch_, {}));
    batched_ = 0;
  }

  const engine::LedgerView& ledger_;
  const engine::BlobStore& vault_;
  Adoptions& adoptions_;
  Queue& queue_;
  std::unordered_map<std::string, WholeHeal> open_;
  std::size_t open_entries_ = 0;
  std::map<std::uint64_t, std::pair<std::string, bool>> later_;  // by order: stream, whether it was counted before
  std::unordered_set<std::string> known_later_;
  std::uint64_t began_ = 0;
  HealBatch batch_;
  std::size_t batched_ = 0;
};

}  // namespace

Result<std::uint64_t> for_each_heal(const engine::LedgerView& ledger, const engine::BlobStore& vault,
                                    Adoptions& adoptions, const EachHealOptions& options,
                                    const std::function<void(WholeHeal heal, const PastWorld& world)>& visit) {
  const PastWorld world(vault, adoptions);
  Queue queue;
  const auto work = [&] {
    while (auto batch = queue.take()) {
      for (WholeHeal& heal : *batch) visit(std::move(heal), world);
    }
  };
  std::vector<std::jthread> workers;
  const unsigned wanted = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  try {
    for (unsigned index = 0; index < wanted; ++index) workers.emplace_back(work);
  } catch (const std::system_error& problem) {  // fewer threads do the same
    if (workers.empty())
      return failure(ErrorKind::unavailable, std::string("no thread is to be had: ") + problem.what());
  }
  auto read = Reader(ledger, vault, adoptions, queue).read(options);
  queue.close();
  workers.clear();
  return read;
}

}  // namespace autoheal::replay
