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
  std::string topic;          // "selftest.autoheal.complete"
  std::string payload;        // JSON
  engine::Position position;  // of the entry it tells of
  friend bool operator==(const BusEvent&, const BusEvent&) = default;
};

// The phase each heal was in, for events that name where a heal came from. Filled from the ledger when a subscription
// begins in the middle of a heal.
using PhaseMemory = std::map<std::string, std::pair<Phase, unsigned>>;  // stream -> phase, attempt

// The events of one entry, in order; none for most. `data` is the entry's data at full length.
[[nodiscard]] std::vector<BusEvent> events_of(const engine::Entry& entry, std::string_view data,
                                              const engine::LedgerView& ledger, PhaseMemory& phases);

// `pattern` is a topic, or a beginning followed by `*`.
[[nodiscard]] bool topic_matches(std::string_view pattern, std::string_view topic);

}  // namespace autoheal::workflows
