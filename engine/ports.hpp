// The ports for time, randomness and identity: everything that is not pure and that the engine needs besides ledger and
// blob store. No operation blocks or fails; each may be called from any thread.
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
  // Wall time in UTC. May jump in both directions, so it is shown to people and never used to order or to wait.
  [[nodiscard]] virtual Timestamp now() const = 0;
  // Time since boot, suspension included (CLOCK_BOOTTIME). Never runs backwards; begins anew at each boot. All waiting
  // is measured on it.
  [[nodiscard]] virtual Duration since_boot() const = 0;
};

// Thread-safe.
class Randomness {
 public:
  virtual ~Randomness() = default;
  // Fills `bytes` with bytes that nobody can predict, or, in tests, with those of a seed. Ends the process if the
  // system has none, because a predictable key or id is worse than no heal.
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  // A new id, greater than every one that this source gave before, even if the wall clock was set back.
  [[nodiscard]] virtual Uuid next() = 0;
};

}  // namespace autoheal::engine
