#include "tools/autoheal/steward/own_figures.hpp"

#include <algorithm>

namespace autoheal::cli {

using workflows::AppendHistogram;

void OwnFigures::appended(Duration took) {
  took = std::max(took, Duration::zero());
  ++append_counts_.at(AppendHistogram::place_of(took));
  append_us_ += took.count();
}

void OwnFigures::follow(const std::string& target, engine::Position place) {
  const std::lock_guard lock(mutex_);
  places_[target] = place;
}

void OwnFigures::moved(const std::string& target, engine::Position place) {
  const std::lock_guard lock(mutex_);
  if (const auto known = places_.find(target); known != places_.end()) known->second = std::max(known->second, place);
}

void OwnFigures::forget(const std::string& target) {
  const std::lock_guard lock(mutex_);
  places_.erase(target);
}

OwnFigures::Seen OwnFigures::seen() const {
  Seen seen;
  AppendHistogram::Counts counts{};
  std::ranges::transform(append_counts_, counts.begin(), [](const auto& count) { return count.load(); });
  seen.append_took = AppendHistogram(counts, Duration(append_us_.load()));
  seen.lease_lost = lease_lost_;
  seen.heals_stuck = heals_stuck_;
  if (const std::int64_t as_of = verified_us_; as_of != never) seen.verified = Timestamp(Duration(as_of));
  const std::lock_guard lock(mutex_);
  seen.places = places_;
  return seen;
}

}  // namespace autoheal::cli
