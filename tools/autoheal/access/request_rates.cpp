#include "tools/autoheal/access/request_rates.hpp"

#include <algorithm>
#include <chrono>

namespace autoheal::cli {

namespace {

constexpr Duration each = std::chrono::microseconds(1'000'000 / most_requests_per_second);
constexpr Duration between_looks = std::chrono::seconds(10);

}  // namespace

bool RequestRates::take(const std::string& name, Duration since_boot) {
  if (since_boot >= next_look_) {
    std::erase_if(full_at_, [&](const auto& one) { return one.second <= since_boot; });
    next_look_ = since_boot + between_looks;
  }
  Duration& full_at = full_at_[name];
  const Duration with_this_one = std::max(full_at, since_boot) + each;
  if (with_this_one > since_boot + most_requests_at_once * each) return false;
  full_at = with_this_one;
  return true;
}

}  // namespace autoheal::cli
