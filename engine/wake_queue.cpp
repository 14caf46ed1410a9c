#include "engine/wake_queue.hpp"

#include <algorithm>
#include <tuple>

namespace autoheal::engine {

bool WakeQueue::later(const Waiting& a, const Waiting& b) {
  return std::tie(a.due, a.ticket) > std::tie(b.due, b.ticket);
}

void WakeQueue::set(const std::string& stream, Duration due) {
  current_[stream] = ++last_ticket_;
  heap_.push_back({due, last_ticket_, stream});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void WakeQueue::clear(const std::string& stream) { current_.erase(stream); }

void WakeQueue::drop_outdated() {
  while (!heap_.empty()) {
    const auto found = current_.find(heap_.front().stream);
    if (found != current_.end() && found->second == heap_.front().ticket) return;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
}

std::optional<Duration> WakeQueue::next() {
  drop_outdated();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::optional<std::string> WakeQueue::take_due(Duration now) {
  const auto due = next();
  if (!due || *due > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  std::string stream = std::move(heap_.back().stream);
  heap_.pop_back();
  current_.erase(stream);
  return stream;
}

}  // namespace autoheal::engine
