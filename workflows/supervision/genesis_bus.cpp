#include "autoheal/workflows/supervision/genesis_bus.hpp"

#include "autoheal/engine/large_data.hpp"

namespace autoheal::workflows {

namespace {
constexpr std::size_t entries_at_once = 256;

// How many were handled before one was not.
std::size_t handle_in_order(const GenesisBus::Handler& handler, const std::vector<BusEvent>& events) {
  std::size_t handled = 0;
  while (handled < events.size() && handler(events[handled])) ++handled;
  return handled;
}

// The last place up to which every event was handled, given that `unhandled` was not. One entry may give two events.
engine::Position place_before(const std::vector<BusEvent>& events, std::size_t unhandled, engine::Position from) {
  for (std::size_t index = unhandled; index-- > 0;) {
    if (events[index].position < events[unhandled].position) return events[index].position;
  }
  return from;
}
}  // namespace

Result<void> GenesisBus::subscribe(std::string topics, Handler handler, Subscription subscription, Executor executor) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->topics = std::move(topics);
  subscriber->handler = std::move(handler);
  subscriber->name = subscription.name;
  subscriber->executor = executor ? std::move(executor) : loop_;
  const auto now = ledger_.read_all({}, 1);
  AUTOHEAL_TRY(now);
  subscriber->place = subscription.from.value_or(now->head);
  if (!subscriber->name.empty()) {
    const auto saved = ledger_.place_of(subscriber->name);
    AUTOHEAL_TRY(saved);
    if (*saved) subscriber->place = **saved;
  }
  subscribers_.push_back(subscriber);
  deliver(subscriber);
  return {};
}

void GenesisBus::pump() {
  for (const auto& subscriber : subscribers_) deliver(subscriber);
}

void GenesisBus::deliver(const std::shared_ptr<Subscriber>& subscriber) {
  if (subscriber->busy) return;
  auto page = ledger_.read_all(subscriber->place, entries_at_once);
  if (!page || page->entries.empty()) return;
  std::vector<BusEvent> events;
  for (const engine::Entry& entry : page->entries) {
    const auto data = engine::lengthen(blobs_, entry.data);
    for (BusEvent& event : events_of(entry, data ? *data : entry.data, ledger_, subscriber->phases)) {
      if (topic_matches(subscriber->topics, event.topic)) events.push_back(std::move(event));
    }
  }
  subscriber->busy = true;
  if (events.empty()) {
    // Posted, not called: a long stretch without a matching event must not become a deep stack.
    return loop_([this, subscriber, next = page->next] {
      subscriber->busy = false;
      delivered(subscriber, next, true);
    });
  }
  subscriber->executor([this, subscriber, events = std::move(events), from = subscriber->place, next = page->next] {
    const std::size_t handled = handle_in_order(subscriber->handler, events);
    const bool all = handled == events.size();
    const engine::Position place = all ? next : place_before(events, handled, from);
    loop_([this, subscriber, place, all] {
      subscriber->busy = false;
      delivered(subscriber, place, all);
    });
  });
}

void GenesisBus::delivered(const std::shared_ptr<Subscriber>& subscriber, engine::Position place, bool go_on) {
  if (place > subscriber->place) {
    subscriber->place = place;
    if (!subscriber->name.empty()) runner_.save_place(subscriber->name, place);
  }
  if (go_on) {
    deliver(subscriber);
  } else {
    subscriber->phases.clear();  // the entries behind the place are read again
  }
}

}  // namespace autoheal::workflows
