#include "tools/autoheal/commands/webhook/named_webhook.hpp"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "tools/autoheal/events/sink_of_target.hpp"
#include "tools/config/problem.hpp"
#include "tools/outward/url.hpp"

namespace autoheal::cli {

Result<const config::WebhookSpec*> named_webhook(const Session& session, const std::string& name) {
  std::vector<std::string> names;
  for (const config::WebhookSpec& spec : session.configuration.settings.webhooks) {
    if (spec.name == name) return &spec;
    names.push_back(spec.name);
  }
  const std::string meant = config::did_you_mean(name, names);
  return failure(ErrorKind::not_found,
                 fmt::format("there is no webhook \"{}\" in {}", valid_utf8(name), session.configuration.settings.file),
                 meant.empty() ? "`autoheal webhook list` lists them" : meant);
}

Result<void> deliver_now(const config::WebhookSpec& spec, const workflows::OutgoingEvent& event) {
  boost::asio::io_context io(1);
  outward::SystemResolver resolver;
  const auto sink = sink_of(spec, {resolver, [](std::string_view) {}, "webhook/"});
  const engine::SystemClock clock;
  std::optional<Result<void>> taken;
  boost::asio::co_spawn(io, sink->deliver(event, clock.now()),
                        [&](const std::exception_ptr&, Result<void> result) { taken = std::move(result); });
  io.run();
  return taken.value_or(failure(ErrorKind::failed, "the delivery was not made"));
}

std::string destination_of(const config::WebhookSpec& spec) {
  if (spec.command) return spec.command->argv.front();
  const auto url = outward::read_url(spec.url);
  return url ? outward::origin_of(*url) : std::string();
}

}  // namespace autoheal::cli
