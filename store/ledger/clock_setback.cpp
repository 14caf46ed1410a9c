#include "autoheal/store/ledger/clock_setback.hpp"

#include <algorithm>
#include <limits>

namespace autoheal::store {

using engine::Position;

namespace {

constexpr char select_lag[] = "SELECT value FROM meta WHERE name = 'clock_lag_us'";

std::int64_t microseconds(Timestamp time) { return time.time_since_epoch().count(); }

// Times of entries, by position; an archived one is told by the next that is there.
class Times {
 public:
  explicit Times(const SQLite::Database& database)
      : select_(database, "SELECT time FROM entries WHERE seq >= ? ORDER BY seq LIMIT 1") {}

  std::optional<std::int64_t> at(std::uint64_t seq) {
    select_.bind(1, static_cast<std::int64_t>(seq));
    std::optional<std::int64_t> time;
    if (select_.executeStep()) time = select_.getColumn(0).getInt64();
    select_.reset();
    return time;
  }

 private:
  SQLite::Statement select_;
};

}  // namespace

ClockSetback::ClockSetback(const SQLite::Database& database)
    : known_(database, select_lag),
      time_(database, "SELECT time FROM entries WHERE seq = ?"),
      write_(database, "INSERT OR REPLACE INTO meta(name, value) VALUES ('clock_lag_us', ?)") {}

void ClockSetback::begin(Position head) {
  for (SQLite::Statement* statement : {&known_, &time_, &write_}) statement->tryReset();
  if (head_ != head.value) read(head);
}

void ClockSetback::read(Position head) {
  lag_us_.reset();
  if (known_.executeStep()) lag_us_ = known_.getColumn(0).getInt64();
  known_.reset();
  written_us_ = lag_us_.value_or(0);
  time_.bind(1, static_cast<std::int64_t>(head.value));
  // The newest time may stand further back; it is at most the lag ahead of the last one.
  newest_us_ = time_.executeStep() ? time_.getColumn(0).getInt64() + written_us_ : 0;
  time_.reset();
  if (head.value == 0) newest_us_ = std::numeric_limits<std::int64_t>::min();
}

void ClockSetback::see(Timestamp time) {
  const std::int64_t now_us = microseconds(time);
  if (lag_us_ && now_us < newest_us_) lag_us_ = std::max(*lag_us_, newest_us_ - now_us);
  newest_us_ = std::max(newest_us_, now_us);
}

void ClockSetback::end(Position head) {
  head_ = head.value;
  if (!lag_us_ || *lag_us_ == written_us_) return;
  write_.bind(1, *lag_us_);
  write_.exec();
  write_.reset();
  written_us_ = *lag_us_;
}

// With M(p) the newest time up to p, M(p) - lag <= time(p) <= M(p), and M never falls: a time before since - lag at p
// tells that everything up to p is too old, one of until + lag or later that everything from p on is too new.
std::pair<Position, Position> positions_of(const SQLite::Database& database, std::optional<Timestamp> since,
                                           std::optional<Timestamp> until, Position after, Position last) {
  if (!since && !until) return {after, last};
  SQLite::Statement known(database, select_lag);
  if (!known.executeStep()) return {after, last};
  const std::int64_t lag = known.getColumn(0).getInt64();
  constexpr std::int64_t longest = 400'000'000LL * 1'000'000'000;  // longer than all years from 0 to 9999
  if (lag < 0 || lag > longest) return {after, last};
  Times times(database);
  std::uint64_t low = after.value, high = last.value;
  while (since && low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    const auto time = times.at(middle);
    const bool is_too_old = time && *time + lag < microseconds(*since);
    (is_too_old ? low : high) = is_too_old ? middle : middle - 1;
  }
  const Position begin{low};
  high = last.value;
  while (until && low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto time = times.at(middle + 1);
    const bool is_too_new = !time || *time - lag >= microseconds(*until);
    (is_too_new ? high : low) = is_too_new ? middle : middle + 1;
  }
  return {begin, Position{high}};
}

}  // namespace autoheal::store
