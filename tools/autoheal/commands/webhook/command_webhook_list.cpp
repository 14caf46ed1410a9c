// webhook list: the targets of events, how far each has come, and what they did not take.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/webhook/named_webhook.hpp"
#include "tools/autoheal/events/dead_letters.hpp"
#include "tools/autoheal/events/webhooks.hpp"
#include "tools/autoheal/output/row_output.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* webhook_list_example = R"(
Example:
  autoheal webhook list
Place: the last entry of the ledger whose events a target has taken. Behind: how many entries came after it; most
entries give no event.
)";

std::string joined(const std::vector<std::string>& topics) {
  std::string text;
  for (const std::string& topic : topics) text += (text.empty() ? "" : " ") + topic;
  return text.empty() ? "all" : text;
}

int run_webhook_list(const Session& session) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto head = past->ledger->head();
  if (!head) return session.fail(head.error());
  RowOutput rows(session.console,
                 {{"webhook", 16}, {"to", 32}, {"topics", 24}, {"place", 8}, {"behind", 8}, {"dead_letters", 0}},
                 session.options.output);
  for (const config::WebhookSpec& spec : session.configuration.settings.webhooks) {
    const auto place = past->ledger->place_of(place_name_of(spec.name));
    if (!place) return session.fail(place.error());
    const auto letters = dead_letters(*past->ledger, spec.name);
    if (!letters) return session.fail(letters.error());
    const std::string at = *place ? std::to_string((*place)->value) : std::string();
    const std::string behind = *place ? std::to_string(head->value - (*place)->value) : std::string();
    rows.row({spec.name, destination_of(spec), joined(spec.topics), at, behind, std::to_string(letters->size())});
  }
  rows.end();
  return exit_done;
}

}  // namespace

void add_webhook_list(CommandLine& line) {
  const auto command = line.add("webhook list", "the targets that are told events, and how far each has come",
                                Needs::record_and_configuration, run_webhook_list);
  command.footer(webhook_list_example);
}

}  // namespace autoheal::cli
