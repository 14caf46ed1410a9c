// Events of the bus as CloudEvents 1.0 in JSON (github.com/cloudevents/spec, structured mode): the form in which they
// leave the process.
#pragma once

#include <string>

#include "autoheal/workflows/supervision/bus_topics.hpp"

namespace autoheal::workflows {

// The engine and the heal, or the self-test run, that it is about: "engine/EnvRecon/heal/0193...".
[[nodiscard]] std::string subject_of(const engine::Entry& entry);

// One line. `entry` is the one that it tells of, `ledger` the ledger's id. Source and id together name the event for
// ever, however often it is delivered: id is the entry's number and the last word of the topic. The extension
// `ledgerpos` is the entry's number; `traceparent` (W3C Trace Context) is that of the heal, if it is one's.
[[nodiscard]] std::string cloud_event(const BusEvent& event, const engine::Entry& entry, std::string_view ledger);

}  // namespace autoheal::workflows
