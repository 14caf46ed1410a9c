// A clock that a test drives, so that an hour of waiting takes no time and the same on every machine.
#pragma once

#include <atomic>

#include "autoheal/engine/ports.hpp"

namespace autoheal::engine::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp start = Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)))
      : wall_us_(start.time_since_epoch().count()) {}

  [[nodiscard]] Timestamp now() const override { return Timestamp(Duration(wall_us_)); }
  [[nodiscard]] Duration since_boot() const override { return Duration(boot_us_); }

  void advance(Duration by) {
    wall_us_ += by.count();
    boot_us_ += by.count();
  }
  // Somebody sets the wall clock; waiting does not notice.
  void set_wall(Timestamp time) { wall_us_ = time.time_since_epoch().count(); }
  // The host is started anew: its boot clock begins once more.
  void restart_host() { boot_us_ = 0; }

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> boot_us_{0};
};

// Ids in order, the same in every run.
class CountingIds final : public IdSource {
 public:
  explicit CountingIds(std::uint64_t first = 1) : next_(first) {}
  [[nodiscard]] Uuid next() override {
    Uuid id;
    const std::uint64_t number = next_++;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      id.bytes[15 - byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    }
    id.bytes[6] = 0x70;
    return id;
  }

 private:
  std::atomic<std::uint64_t> next_;
};

}  // namespace autoheal::engine::testing
