// A heal as an OpenTelemetry trace: one trace for each heal, a span for each of its steps, made from the entries of the
// ledger alone, so that the same heal gives the same trace however often it is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/entry.hpp"

namespace autoheal::workflows {

// W3C Trace Context of what belongs to a heal: `00-TRACE-SPAN-01`. The trace id is the heal's id, the span is that of
// the whole heal. Empty for a stream that is no heal.
[[nodiscard]] std::string traceparent_of(std::string_view heal);

// The body of one OTLP/HTTP request in JSON (opentelemetry.io/docs/specs/otlp) with all spans of a heal that has ended.
// `heal`: its stream from the first entry on; empty: empty text.
[[nodiscard]] std::string heal_trace(const std::vector<engine::Entry>& heal, std::string_view ledger);

}  // namespace autoheal::workflows
