#include "tools/autoheal/events/sink_of_target.hpp"

#include "tools/autoheal/events/command_sink.hpp"
#include "tools/autoheal/events/url_sink.hpp"

namespace autoheal::cli {

std::unique_ptr<EventSink> sink_of(const config::WebhookSpec& spec, SinkPorts ports) {
  if (spec.command) return std::make_unique<CommandSink>(*spec.command, std::move(ports.program_mark));
  return std::make_unique<UrlSink>(spec, std::move(ports));
}

}  // namespace autoheal::cli
