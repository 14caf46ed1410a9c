#include "autoheal/engine/wake_queue.hpp"

#include <algorithm>
#include <tuple>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

bool WakeQueue::later(const Waiting& a, const Waiting& b) {
  return std::tie(a.due, a.ticket) > std::tie(b.due, b.ticket);
}

void WakeQueue::set(const std::string& stream, Duration due) {
  current_[stream] = ++last_ticket_;
  heap_.push_back({due, last_ticket_, stream});
  std::push_heap(heap_.begin(), heap_.end(), later);
  AUTOHEAL_CHECK(heap_.size() >= current_.size());  // each stream that waits has its place
}

void WakeQueue::clear(const std::string& stream) { current_.erase(stream); }

void WakeQueue::drop_outdated() {
  while (!heap_.empty()) {
    const auto found = current_.find(heap_.front().stream);
    if (found != current_.end() && found->second == heap_.front().ticket) return;
    (void)take_first();
  }
}

WakeQueue::Waiting WakeQueue::take_first() {
  AUTOHEAL_CHECK(!heap_.empty());
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Waiting first = std::move(heap_.back());
  heap_.pop_back();
  AUTOHEAL_CHECK(heap_.empty() || later(heap_.front(), first));
  return first;
}

std::optional<Duration> WakeQueue::next() {
  drop_outdated();
  AUTOHEAL_CHECK(heap_.size() >= current_.size());  // nobody waits who will not be woken
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::optional<std::string> WakeQueue::take_due(Duration now) {
  const auto due = next();
  if (!due || *due > now) return std::nullopt;
  AUTOHEAL_CHECK(heap_.front().due == *due);
  std::string stream = take_first().stream;
  const std::size_t waited = current_.erase(stream);
  AUTOHEAL_CHECK(waited == 1);
  return stream;
}

}  // namespace autoheal::engine
