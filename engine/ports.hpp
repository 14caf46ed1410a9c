// Everything that is not pure and that the engine needs from its caller, in one page: time, identity, randomness.
#pragma once

#include <cstdint>
#include <span>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::engine {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, UTC. May jump; used for what people read, never for ordering.
  [[nodiscard]] virtual Timestamp now() const = 0;
  // Time since boot including suspension (CLOCK_BOOTTIME); never runs backwards. All waiting is measured on it.
  [[nodiscard]] virtual Duration since_boot() const = 0;
};

// Thread-safe. Fills with bytes nobody can predict (or, in tests, that a seed gives).
class Randomness {
 public:
  virtual ~Randomness() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// Thread-safe. Each id is greater than every one given before by the same source, whatever the clock does.
class IdSource {
 public:
  virtual ~IdSource() = default;
  [[nodiscard]] virtual Uuid next() = 0;
};

}  // namespace autoheal::engine
