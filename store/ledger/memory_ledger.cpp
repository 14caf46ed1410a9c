#include "autoheal/store/ledger/memory_ledger.hpp"

#include <algorithm>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/format/leaf.hpp"

namespace autoheal::store {

using engine::AppendResult;
using engine::AppendStatus;
using engine::Batch;
using engine::Entry;
using engine::Page;
using engine::Position;
using engine::StreamAppend;
using engine::StreamLife;

MemoryLedger::MemoryLedger(const MemoryLedger& other) : id_(other.id_), epoch_(other.epoch_) {
  const std::lock_guard lock(other.mutex_);
  entries_ = other.entries_;
  streams_ = other.streams_;
  open_ = other.open_;
  keys_ = other.keys_;
  places_ = other.places_;
}

AppendResult MemoryLedger::append(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  if (AppendResult result = refused(batch); result.status != AppendStatus::ok) return result;
  std::size_t expected = entries_.size();
  for (const StreamAppend& append : batch.streams) {
    expected += append.entries.size();
    keep(append);
  }
  AUTOHEAL_CHECK(entries_.size() == expected);
  for (const engine::SavedPlace& place : batch.places) places_[place.subscriber] = place.position;
  AppendResult result;
  result.head = {entries_.size()};
  return result;
}

AppendResult MemoryLedger::refused(const Batch& batch) const {
  AppendResult result;
  result.head = {entries_.size()};
  if (batch.epoch < epoch_) {
    result.status = AppendStatus::fenced;
    return result;
  }
  std::map<std::string, std::string> keys_of_batch;
  for (const StreamAppend& append : batch.streams) {
    if (const std::string& key = append.idempotency_key; !key.empty()) {
      const auto used = keys_.find(key);
      const auto [earlier, fresh] = keys_of_batch.emplace(key, append.stream);
      if (used != keys_.end() || !fresh) {
        result.status = AppendStatus::duplicate;
        result.existing_stream = used != keys_.end() ? used->second : earlier->second;
        result.duplicate_key = key;
        return result;
      }
    }
    const auto known = streams_.find(append.stream);
    const std::uint64_t version = known == streams_.end() ? 0 : known->second.size();
    if (version != append.expected_version) {
      result.status = AppendStatus::conflict;
      result.conflicting_stream = append.stream;
      return result;
    }
  }
  return result;
}

void MemoryLedger::keep(const StreamAppend& append) {
  auto& places = streams_[append.stream];
  if (append.expected_version == 0) {
    AUTOHEAL_CHECK(!append.entries.empty());
    open_.push_back(append.stream);
    if (!append.idempotency_key.empty()) keys_[append.idempotency_key] = append.stream;
  }
  AUTOHEAL_CHECK(places.size() == append.expected_version);
  for (const engine::NewEntry& fresh : append.entries) {
    Entry entry;
    static_cast<engine::NewEntry&>(entry) = fresh;
    entry.position = {entries_.size() + 1};
    entry.stream = append.stream;
    entry.version = places.size() + 1;
    AUTOHEAL_CHECK(fits_in_leaf(id_, entry));
    places.push_back(entries_.size());
    entries_.push_back(std::move(entry));
  }
  if (append.life == StreamLife::ends) std::erase(open_, append.stream);
}

Result<std::vector<Entry>> MemoryLedger::read_stream(const std::string& stream, std::uint64_t from_version) const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  const auto known = streams_.find(stream);
  if (known == streams_.end()) return entries;
  for (const std::size_t place : known->second) {
    if (entries_[place].version >= from_version) entries.push_back(entries_[place]);
  }
  return entries;
}

Result<Page> MemoryLedger::read_all(Position after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Page page;
  page.head = {entries_.size()};
  const std::size_t from = std::min<std::size_t>(after.value, entries_.size());
  const std::size_t to = std::min(entries_.size(), from + limit);
  page.entries.assign(entries_.begin() + static_cast<std::ptrdiff_t>(from),
                      entries_.begin() + static_cast<std::ptrdiff_t>(to));
  page.next = page.entries.empty() ? after : page.entries.back().position;
  return page;
}

Result<std::vector<std::string>> MemoryLedger::open_streams() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

Result<std::optional<Position>> MemoryLedger::place_of(const std::string& subscriber) const {
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(subscriber);
  if (known == places_.end()) return std::nullopt;
  return known->second;
}

void MemoryLedger::fence(std::uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  epoch_ = epoch;
}

}  // namespace autoheal::store
