// The ports on the machine this runs on: its clocks, its randomness, ids made of both.
#pragma once

#include <mutex>

#include "autoheal/engine/ports.hpp"

namespace autoheal::engine {

// CLOCK_REALTIME and CLOCK_BOOTTIME. Thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] Duration since_boot() const override;
};

// The system's generator for keys. Thread-safe; ends the process if it cannot serve.
class SystemRandomness final : public Randomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

// UUIDv7 (RFC 9562, 6.2 method 1 and 2): milliseconds, then a counter that goes on where the clock stands still or
// runs back, then randomness. Thread-safe; `clock` and `randomness` outlive it.
class UuidV7Source final : public IdSource {
 public:
  UuidV7Source(const Clock& clock, Randomness& randomness) : clock_(clock), randomness_(randomness) {}
  [[nodiscard]] Uuid next() override;

 private:
  const Clock& clock_;
  Randomness& randomness_;
  std::mutex mutex_;
  std::uint64_t millisecond_ = 0;
  std::uint32_t counter_ = 0;  // 12 bits within the millisecond
};

}  // namespace autoheal::engine
