// webhook test: one made-up event to a target, to see that it takes it.
#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/webhook/named_webhook.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* webhook_test_example = R"(
Example:
  autoheal webhook test pager
The event has the type autoheal.webhook.test and is not in the ledger. It is sent once, by this command itself.
)";

struct WebhookTestOptions {
  std::string name;
};

workflows::OutgoingEvent made_up(const config::WebhookSpec& spec) {
  const engine::SystemClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids(clock, randomness);
  workflows::OutgoingEvent event;
  event.id = to_string(ids.next());
  event.topic = "autoheal.webhook.test";
  JsonWriter out;
  out.begin_object().field("specversion", "1.0").field("id", event.id).field("source", "/autoheal/webhook-test");
  out.field("type", event.topic).field("time", format_timestamp(clock.now()));
  out.field("datacontenttype", "application/json").key("data").begin_object().field("webhook", spec.name);
  event.body = out.end_object().end_object().take();
  if (spec.format == config::EventFormat::otlp) event.body = R"({"resourceSpans":[]})";
  return event;
}

int run_webhook_test(const Session& session, const WebhookTestOptions& options) {
  if (const int refused = session.require(workflows::Permission::administer, "send events"); refused != exit_done)
    return refused;
  const auto spec = named_webhook(session, options.name);
  if (!spec) return session.fail(spec.error());
  const auto taken = deliver_now(**spec, made_up(**spec));
  if (!taken) return session.fail(taken.error());
  session.console.note(fmt::format("{} took the event", options.name));
  return exit_done;
}

}  // namespace

void add_webhook_test(CommandLine& line) {
  auto [command, options] =
      line.add("webhook test", "sends a made-up event to a target", Needs::configuration, run_webhook_test);
  command.footer(webhook_test_example);
  command.argument("webhook", options.name, "WEBHOOK", "its name").required();
}

}  // namespace autoheal::cli
