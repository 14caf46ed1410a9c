// Counts durations by upper bounds. A monitoring system makes percentiles over many hosts of them, which percentiles of
// single hosts do not allow.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

// `upper_bounds` grow. One that moves breaks the queries of those who sum over hosts of several versions.
template <const auto& upper_bounds>
class HistogramBy {
 public:
  static constexpr const auto& bounds = upper_bounds;
  using Counts = std::array<std::uint64_t, bounds.size() + 1>;  // the last one: longer than all bounds

  HistogramBy() = default;
  HistogramBy(const Counts& counts, Duration sum) : counts_(counts), sum_(sum) {}

  // Where in `Counts` a duration counts. A negative one, from a clock that was set back, counts as none.
  [[nodiscard]] static std::size_t place_of(Duration took) {
    std::size_t at = 0;
    while (at < bounds.size() && took > bounds[at]) ++at;
    return at;
  }
  void observe(Duration took) {
    if (took < Duration::zero()) took = Duration::zero();
    ++counts_[place_of(took)];
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
  friend bool operator==(const HistogramBy&, const HistogramBy&) = default;

 private:
  Counts counts_{};
  Duration sum_{0};
};

// From the time of one repaired file to that of a service with many attempts.
inline constexpr std::array<Duration, 12> bounds_of_heals = {
    std::chrono::milliseconds(10),  std::chrono::milliseconds(50), std::chrono::milliseconds(100),
    std::chrono::milliseconds(500), std::chrono::seconds(1),       std::chrono::seconds(5),
    std::chrono::seconds(10),       std::chrono::seconds(30),      std::chrono::minutes(1),
    std::chrono::minutes(5),        std::chrono::minutes(15),      std::chrono::hours(1)};
using DurationHistogram = HistogramBy<bounds_of_heals>;

// From the time of a memory file system to that of a disk that others keep busy.
inline constexpr std::array<Duration, 12> bounds_of_appends = {
    std::chrono::microseconds(100), std::chrono::microseconds(250),  std::chrono::microseconds(500),
    std::chrono::milliseconds(1),   std::chrono::microseconds(2500), std::chrono::milliseconds(5),
    std::chrono::milliseconds(10),  std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
    std::chrono::milliseconds(100), std::chrono::milliseconds(500),  std::chrono::seconds(2)};
using AppendHistogram = HistogramBy<bounds_of_appends>;

}  // namespace autoheal::workflows
