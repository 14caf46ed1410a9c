// Units that this process gives orders about: a stop of its own is nobody's by hand.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

// Thread-safe. Names are whole ones.
class OwnOrders {
 public:
  void begin(const std::string& unit) {
    const std::lock_guard lock(mutex_);
    ++orders_[unit].under_way;
  }
  void end(const std::string& unit) {
    const std::lock_guard lock(mutex_);
    --orders_[unit].under_way;
    orders_[unit].ended = since_boot();
  }
  // Now, or a moment ago, because its effects are reported after it ends.
  [[nodiscard]] bool are_about(const std::string& unit) const {
    const std::lock_guard lock(mutex_);
    const auto order = orders_.find(unit);
    if (order == orders_.end()) return false;
    return order->second.under_way > 0 || since_boot() - order->second.ended < std::chrono::seconds(2);
  }

 private:
  struct Order {
    unsigned under_way = 0;
    Duration ended{0};
  };
  mutable std::mutex mutex_;
  std::map<std::string, Order> orders_;
};

}  // namespace autoheal::host
