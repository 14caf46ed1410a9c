// The sink that a target of the configuration has: its URL or its program.
#pragma once

#include <memory>

#include "tools/autoheal/events/event_sink.hpp"

namespace autoheal::cli {

[[nodiscard]] std::unique_ptr<EventSink> sink_of(const config::WebhookSpec& spec, SinkPorts ports);

}  // namespace autoheal::cli
