// The largest backward step of the clock. Bounds a binary search by time over entries that are ordered by number, so
// that no index of times is needed. One number in table `meta`. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "autoheal/engine/entry.hpp"

namespace autoheal::store {

// For the writer, on its connection and inside its transactions. Throws SQLite::Exception.
class ClockSetback {
 public:
  explicit ClockSetback(const SQLite::Database& database);

  // Entries are about to follow `head`; values from a transaction that was rolled back are dropped.
  void begin(engine::Position head);
  // The next of them.
  void see(Timestamp time);
  // Writes what grew. `head`: the last of them.
  void end(engine::Position head);

 private:
  void read(engine::Position head);

  SQLite::Statement known_;
  SQLite::Statement time_;
  SQLite::Statement write_;
  std::optional<std::int64_t> lag_us_;  // empty: not known for this ledger
  std::int64_t written_us_ = 0;
  std::int64_t newest_us_ = 0;
  std::optional<std::uint64_t> head_;
};

// The part of (after, last] outside which no entry has a time of since or later and before until. All of it where the
// lag is not known.
[[nodiscard]] std::pair<engine::Position, engine::Position> positions_of(const SQLite::Database& database,
                                                                         std::optional<Timestamp> since,
                                                                         std::optional<Timestamp> until,
                                                                         engine::Position after, engine::Position last);

}  // namespace autoheal::store
