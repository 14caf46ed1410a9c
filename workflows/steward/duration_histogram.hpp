// Counts durations by upper bounds. A monitoring system makes percentiles over many hosts of them, which percentiles of
// single hosts do not allow.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

class DurationHistogram {
 public:
  // From the time of one repaired file to that of a service with many attempts. A bound that moves breaks the queries
  // of those who sum over hosts of several versions.
  static constexpr std::array<Duration, 12> bounds = {
      std::chrono::milliseconds(10),  std::chrono::milliseconds(50), std::chrono::milliseconds(100),
      std::chrono::milliseconds(500), std::chrono::seconds(1),       std::chrono::seconds(5),
      std::chrono::seconds(10),       std::chrono::seconds(30),      std::chrono::minutes(1),
      std::chrono::minutes(5),        std::chrono::minutes(15),      std::chrono::hours(1)};

  // A negative duration, from a clock that was set back, counts as none.
  void observe(Duration took) {
    if (took < Duration::zero()) took = Duration::zero();
    std::size_t at = 0;
    while (at < bounds.size() && took > bounds[at]) ++at;
    ++counts_[at];
    sum_ += took;
  }

  // How many took at most `bounds[at]`.
  [[nodiscard]] std::uint64_t up_to(std::size_t at) const {
    std::uint64_t sum = 0;
    for (std::size_t below = 0; below <= at; ++below) sum += counts_[below];
    return sum;
  }
  [[nodiscard]] std::uint64_t count() const { return up_to(bounds.size()); }
  [[nodiscard]] Duration sum() const { return sum_; }
  friend bool operator==(const DurationHistogram&, const DurationHistogram&) = default;

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};  // the last one: longer than all bounds
  Duration sum_{0};
};

}  // namespace autoheal::workflows
