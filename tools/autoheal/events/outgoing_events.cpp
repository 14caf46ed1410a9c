#include "tools/autoheal/events/outgoing_events.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/steward/heal_trace.hpp"
#include "autoheal/workflows/supervision/cloud_event.hpp"

namespace autoheal::cli {

Result<OutgoingEvents::Read> OutgoingEvents::read(const engine::LedgerView& ledger, engine::Position after,
                                                  std::size_t limit) {
  const auto page = ledger.read_all(after, limit);
  AUTOHEAL_TRY(page);
  Read result{{}, after};
  for (const engine::Entry& entry : page->entries) {
    std::string from_blob;
    const auto data = engine::lengthen(blobs_, std::string_view(entry.data), from_blob);
    const std::string_view text = data ? *data : std::string_view(entry.data);
    for (const workflows::BusEvent& event : workflows::events_of(entry, text, ledger, phases_)) {
      if (!is_asked(event.topic)) continue;
      const std::string word = event.topic.substr(event.topic.rfind('.') + 1);
      auto body = body_of(event, entry, ledger);
      AUTOHEAL_TRY(body);
      result.events.push_back({fmt::format("{}-{}-{}", ledger.id(), entry.position.value, word), event.topic,
                               entry.position, std::move(*body)});
    }
    result.to = entry.position;
  }
  return result;
}

Result<std::string> OutgoingEvents::body_of(const workflows::BusEvent& event, const engine::Entry& entry,
                                            const engine::LedgerView& ledger) const {
  if (format_ == config::EventFormat::cloudevents) return workflows::cloud_event(event, entry, ledger.id());
  auto heal = ledger.read_stream(entry.stream, 1);
  AUTOHEAL_TRY(heal);
  std::erase_if(*heal, [&](const engine::Entry& one) { return one.position > entry.position; });
  std::string context, from_blob;
  if (!heal->empty()) {
    const auto first = engine::lengthen(blobs_, std::string_view(heal->front().data), from_blob);
    if (first) context = workflows::context_of(*first);
  }
  return workflows::heal_trace(*heal, ledger.id(), context);
}

bool OutgoingEvents::is_asked(const std::string& topic) const {
  if (format_ == config::EventFormat::otlp)
    return topic == "selftest.autoheal.complete" || topic == "selftest.autoheal.exhausted";
  return topics_.empty() ||
         std::ranges::any_of(topics_, [&](const auto& one) { return workflows::topic_matches(one, topic); });
}

}  // namespace autoheal::cli
