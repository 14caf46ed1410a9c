// webhook redeliver: events that a target did not take, again.
#include <fmt/core.h>

#include <algorithm>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/webhook/named_webhook.hpp"
#include "tools/autoheal/events/dead_letters.hpp"
#include "tools/autoheal/events/outgoing_events.hpp"
#include "tools/autoheal/output/row_output.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* webhook_redeliver_example = R"(
Examples:
  autoheal webhook redeliver pager
  autoheal webhook redeliver pager --from 4711
The events keep their ids. They are sent by this command itself, each once, and stay dead letters in the ledger.
)";

struct RedeliverOptions {
  std::string name;
  std::uint64_t from = 0;
};

// As it was: the ledger holds what it was made from.
Result<workflows::OutgoingEvent> event_of(const Past& past, const DeadLetter& letter, config::EventFormat format) {
  OutgoingEvents events({letter.topic}, format, *past.vault);
  const auto read = events.read(*past.ledger, {letter.position.value - 1}, 1);
  AUTOHEAL_TRY(read);
  const auto found = std::ranges::find(read->events, letter.event, &workflows::OutgoingEvent::id);
  if (found == read->events.end())
    return failure(ErrorKind::not_found, fmt::format("entry {} is not there any more", letter.position.value),
                   "`autoheal ledger export --archive FILE` reads archived entries");
  return *found;
}

int run_redeliver(const Session& session, const RedeliverOptions& options) {
  if (const int refused = session.require(workflows::Permission::administer, "send events"); refused != exit_done)
    return refused;
  const auto spec = named_webhook(session, options.name);
  if (!spec) return session.fail(spec.error());
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto letters = dead_letters(*past->ledger, options.name);
  if (!letters) return session.fail(letters.error());
  RowOutput rows(session.console, {{"event", 52}, {"topic", 29}, {"result", 0}}, session.options.output);
  int code = exit_done;
  for (const DeadLetter& letter : *letters) {
    if (letter.position.value < options.from) continue;
    const auto event = event_of(*past, letter, (*spec)->format);
    const auto taken = event ? deliver_now(**spec, *event) : std::unexpected(event.error());
    if (!taken) code = exit_failed;
    rows.row({letter.event, letter.topic, taken ? "delivered" : taken.error().message});
  }
  rows.end();
  return code;
}

}  // namespace

void add_webhook_redeliver(CommandLine& line) {
  auto [command, options] = line.add("webhook redeliver", "sends the events again that a target did not take",
                                     Needs::record_and_configuration, run_redeliver);
  command.footer(webhook_redeliver_example);
  command.argument("webhook", options.name, "WEBHOOK", "its name").required();
  command.option("--from", options.from, "SEQ", "only events of this entry of the ledger and later ones");
}

}  // namespace autoheal::cli
