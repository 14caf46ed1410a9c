// Maps ledger entries to events on the bus, with the payloads that subscribers rely on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

struct BusEvent {
  std::string topic;             // "selftest.autoheal.complete"
  std::string payload;           // JSON
  engine::Position position;     // of the entry it tells of
  std::string traceparent = {};  // W3C Trace Context of the heal it tells of, or empty
  friend bool operator==(const BusEvent&, const BusEvent&) = default;
};

// Where a heal stands, for events that name where it came from, and the context in which it was asked for.
struct KnownHeal {
  Phase phase = Phase::none;
  unsigned attempt = 0;
  std::string context = {};
};
// By stream. Filled from the ledger when a subscription begins in the middle of a heal.
using PhaseMemory = std::map<std::string, KnownHeal>;

// The events of one entry, in order; none for most. `data` is the entry's data at full length.
[[nodiscard]] std::vector<BusEvent> events_of(const engine::Entry& entry, std::string_view data,
                                              const engine::LedgerView& ledger, PhaseMemory& phases);

// `pattern` is a topic, or a beginning followed by `*`.
[[nodiscard]] bool topic_matches(std::string_view pattern, std::string_view topic);

}  // namespace autoheal::workflows
