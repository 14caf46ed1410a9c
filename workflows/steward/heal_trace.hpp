// A heal as an OpenTelemetry trace: one trace for each heal, a span for each of its steps, made from the entries of the
// ledger alone, so that the same heal gives the same trace however often it is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/entry.hpp"

namespace autoheal::workflows {

// Whether it is what W3C Trace Context (w3.org/TR/trace-context) calls a valid traceparent of version 00.
[[nodiscard]] bool is_traceparent(std::string_view text);

// The context in which a heal was asked for, as its first entry says; `data` is the data of `heal.triggered` at full
// length. Empty: in none, or the text is none of ours.
[[nodiscard]] std::string context_of(std::string_view data);

// W3C Trace Context of what belongs to a heal: `00-TRACE-SPAN-01`. The trace is that of `context`, the one in which it
// was asked for; where that is empty, its id is the heal's. The span is that of the whole heal. Empty for a stream that
// is no heal.
[[nodiscard]] std::string traceparent_of(std::string_view heal, std::string_view context = {});

// The body of one OTLP/HTTP request in JSON (opentelemetry.io/docs/specs/otlp) with all spans of a heal that has ended.
// `heal`: its stream from the first entry on; empty: empty text. `context`: as above; the heal is a child of its span.
[[nodiscard]] std::string heal_trace(const std::vector<engine::Entry>& heal, std::string_view ledger,
                                     std::string_view context = {});

}  // namespace autoheal::workflows
