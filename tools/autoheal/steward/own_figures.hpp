// Figures that only the process that owns the ledger knows, since no entry tells them. Counted in memory, and anew by
// each process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/steward/duration_histogram.hpp"

namespace autoheal::cli {

// Thread-safe. The loop, while it heals, calls nothing of it that waits for a reader.
class OwnFigures {
 public:
  struct Seen {
    workflows::AppendHistogram append_took;  // commits of the ledger
    std::uint64_t lease_lost = 0;
    std::uint64_t heals_stuck = 0;                   // now
    std::optional<Timestamp> verified;               // empty: not by this process
    std::map<std::string, engine::Position> places;  // of each target: up to here it has taken all events
  };

  void appended(Duration took);
  // The ledger is no longer where it was opened, or somebody else's: nothing can be recorded.
  void lost_lease() { ++lease_lost_; }
  // A heal that cannot be read was set aside.
  void set_aside() { ++heals_stuck_; }
  // All that the ledger held at that moment was found to be sound.
  void verified(Timestamp as_of) { verified_us_ = as_of.time_since_epoch().count(); }

  // A target of events, and where it begins. At most one of a name.
  void follow(const std::string& target, engine::Position place);
  // It has come further; ignored for one that is not followed, and a place before the one that is known.
  void moved(const std::string& target, engine::Position place);
  void forget(const std::string& target);

  [[nodiscard]] Seen seen() const;

 private:
  static constexpr std::int64_t never = INT64_MIN;

  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<workflows::AppendHistogram::Counts>> append_counts_{};
  std::atomic<std::int64_t> append_us_ = 0;
  std::atomic<std::uint64_t> lease_lost_ = 0, heals_stuck_ = 0;
  std::atomic<std::int64_t> verified_us_ = never;
  mutable std::mutex mutex_;
  std::map<std::string, engine::Position> places_;
};

}  // namespace autoheal::cli
