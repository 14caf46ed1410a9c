#include "tools/autoheal/events/follower.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/numbers.hpp"
#include "tools/autoheal/events/events_since.hpp"

namespace autoheal::cli {

std::string text_of(const EventId& id) {
  return id.index == EventId::whole_entry ? std::to_string(id.position) : fmt::format("{}-{}", id.position, id.index);
}

Result<EventId> event_id_of(std::string_view text) {
  const auto line = text.find('-');
  const auto position = parse_number<std::uint64_t>(text.substr(0, line));
  const auto index = line == std::string_view::npos ? std::optional(EventId::whole_entry)
                                                    : parse_number<unsigned>(text.substr(line + 1));
  const bool is_beginning = position == 0U;  // no entry: it has no events
  if (position && index && *position <= std::uint64_t{INT64_MAX} && !(is_beginning && index != EventId::whole_entry))
    return EventId{*position, *index};
  return failure(ErrorKind::invalid, "that is no id of an event", "expected the id of an event of this bus, or 0");
}

// The CloudEvent is one line, so one "data:" holds it.
EventFramePtr frame_of(EventId id, const std::string& topic, const std::string& engine,
                       const std::string& cloud_event) {
  EventFrame frame{id, topic, engine, fmt::format("id: {}\nevent: {}\ndata: {}\n\n", text_of(id), topic, cloud_event)};
  return std::make_shared<const EventFrame>(std::move(frame));
}

bool Follower::wants(const EventFrame& frame) const {
  if (is_cut_ || frame.id <= wish_.after || frame.id <= newest_) return false;
  return (wish_.engine.empty() || wish_.engine == frame.engine) && is_asked_for(wish_.topics, frame.topic);
}

void Follower::offer(const EventFramePtr& frame) {
  if (!wants(*frame)) return;
  const bool is_full = waiting_.size() >= most_waiting_events + past_events_ ||
                       waiting_bytes_ + frame->text.size() > most_waiting_bytes + past_bytes_;
  if (!is_full) return add(frame);
  is_cut_ = true;
  waiting_.clear();
}

void Follower::offer_past(const EventFramePtr& frame) {
  if (!wants(*frame)) return;
  add(frame);
  past_events_ = waiting_.size();
  past_bytes_ = waiting_bytes_;
}

void Follower::add(const EventFramePtr& frame) {
  newest_ = frame->id;
  waiting_bytes_ += frame->text.size();
  waiting_.push_back(frame);
}

std::string Follower::take() {
  std::string piece;
  while (!waiting_.empty() && piece.size() < piece_bytes_of_stream) {
    piece += waiting_.front()->text;
    waiting_bytes_ -= waiting_.front()->text.size();
    wish_.after = waiting_.front()->id;
    waiting_.pop_front();
  }
  past_events_ = std::min(past_events_, waiting_.size());
  past_bytes_ = std::min(past_bytes_, waiting_bytes_);
  if (!piece.empty() || !is_cut_ || told_of_cut_) return piece;
  told_of_cut_ = true;
  return fmt::format("event: autoheal.cut_off\ndata: {{\"reason\":\"too slow\",\"go_on_after\":\"{}\"}}\n\n",
                     text_of(wish_.after));
}

}  // namespace autoheal::cli
