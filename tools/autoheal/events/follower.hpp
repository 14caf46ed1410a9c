// One client that follows the bus: what it asked for, and what waits for it. Its memory is bounded; a client that does
// not keep up is cut off, and told where to go on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// An event's name in the ledger: the entry, and which of its events.
struct EventId {
  std::uint64_t position = 0;
  unsigned index = whole_entry;  // whole_entry: all of its events

  static constexpr unsigned whole_entry = ~0U;
  friend auto operator<=>(const EventId&, const EventId&) = default;
};

// "4711-0", or "4711" for all events of the entry.
[[nodiscard]] std::string text_of(const EventId& id);
// invalid: it is neither.
[[nodiscard]] Result<EventId> event_id_of(std::string_view text);

// An event as it goes over the wire, made once for all who follow.
struct EventFrame {
  EventId id;
  std::string topic, engine;
  std::string text;  // the lines of a Server-Sent Event (WHATWG HTML, section 9.2), with the empty line
};
using EventFramePtr = std::shared_ptr<const EventFrame>;

[[nodiscard]] EventFramePtr frame_of(EventId id, const std::string& topic, const std::string& engine,
                                     const std::string& cloud_event);

struct FollowerWish {
  std::vector<std::string> topics;  // empty: all
  std::string engine;               // empty: all
  EventId after;                    // only what comes behind it
};

inline constexpr std::size_t most_waiting_events = 1'000;
inline constexpr std::size_t most_waiting_bytes = std::size_t{1} << 20U;
inline constexpr std::size_t piece_bytes_of_stream = std::size_t{64} << 10U;

class Follower {
 public:
  explicit Follower(FollowerWish wish) : wish_(std::move(wish)) {}

  // It waits from now on, if it was asked for. A follower that has too many waiting already is cut off.
  void offer(const EventFramePtr& frame);
  // The same of the past, a page at a time: that a client begins there is no reason to cut it off.
  void offer_past(const EventFramePtr& frame);
  // About 64 KiB of what waits; then, once, the event that tells of having been cut off. Empty: nothing.
  [[nodiscard]] std::string take();
  // Nothing more comes after what take() gave.
  [[nodiscard]] bool has_ended() const { return told_of_cut_; }
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && !is_cut_; }

  [[nodiscard]] const FollowerWish& wish() const { return wish_; }

 private:
  [[nodiscard]] bool wants(const EventFrame& frame) const;
  void add(const EventFramePtr& frame);

  FollowerWish wish_;  // `after` moves on with what was taken
  std::deque<EventFramePtr> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t past_events_ = 0, past_bytes_ = 0;  // of those that wait, at most
  EventId newest_;                                // that was offered
  bool is_cut_ = false, told_of_cut_ = false;
};

}  // namespace autoheal::cli
