#include "tools/autoheal/access/request_rates.hpp"

#include <algorithm>
#include <chrono>

namespace autoheal::cli {

namespace {

constexpr Duration between_looks = std::chrono::seconds(10);

}  // namespace

bool RequestRates::take(const std::string& name, unsigned per_second, Duration since_boot) {
  if (since_boot >= next_look_) {
    std::erase_if(full_at_, [&](const auto& one) { return one.second <= since_boot; });
    next_look_ = since_boot + between_looks;
  }
  Duration& full_at = full_at_[name];
  const Duration with_this_one = std::max(full_at, since_boot) + Duration(std::chrono::seconds(1)) / per_second;
  if (with_this_one > since_boot + std::chrono::seconds(seconds_at_once)) return false;
  full_at = with_this_one;
  return true;
}

}  // namespace autoheal::cli
