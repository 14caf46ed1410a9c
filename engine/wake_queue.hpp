// The wake-up times of waiting workflows, as plain state in one heap, so that ten thousand of them cost one timer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::engine {

// Times are on the boot clock. Not thread-safe.
class WakeQueue {
 public:
  // Replaces an earlier wake-up of the same stream.
  void set(const std::string& stream, Duration due);
  void clear(const std::string& stream);
  // The earliest due time, if anybody waits.
  [[nodiscard]] std::optional<Duration> next();
  // A stream that is due at `now`, taken out; empty if none is.
  [[nodiscard]] std::optional<std::string> take_due(Duration now);

 private:
  struct Waiting {
    Duration due;
    std::uint64_t ticket;  // which set() this is; an outdated one is skipped
    std::string stream;
  };
  static bool later(const Waiting& a, const Waiting& b);
  void drop_outdated();
  Waiting take_first();

  std::vector<Waiting> heap_;
  std::unordered_map<std::string, std::uint64_t> current_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace autoheal::engine
