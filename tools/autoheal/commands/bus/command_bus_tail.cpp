// bus tail: events of the Genesis bus as they come.
#include <cstdio>

#include "autoheal/workflows/supervision/cloud_event.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/ledger_watch.hpp"
#include "tools/autoheal/commands/parts/place_in_ledger.hpp"
#include "tools/autoheal/events/events_since.hpp"
#include "tools/autoheal/output/row_output.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

using workflows::BusEvent;

constexpr const char* bus_tail_example = R"(
Examples:
  autoheal bus tail
  autoheal bus tail --topic selftest.autoheal.complete --topic selftest.autoheal.exhausted
  autoheal bus tail --from 0 --once -o jsonl
-o jsonl prints CloudEvents 1.0, one a line. Their `ledgerpos` is the place to go on from: --from.
What is printed was committed before. Source and id name an event for ever.
)";

struct BusTailOptions {
  std::vector<std::string> topics;
  std::optional<std::uint64_t> from;
  bool once = false;
};

class EventPrinter {
 public:
  explicit EventPrinter(const Session& session)
      : session_(session),
        rows_(session.console, {{"time", 27}, {"topic", 29}, {"subject", 20}, {"data", 0}}, session.options.output) {}

  void print(const BusEvent& event, const engine::Entry& entry, const std::string& ledger) {
    if (session_.options.output == OutputFormat::jsonl)
      return session_.console.data(workflows::cloud_event(event, entry, ledger));
    rows_.row({format_timestamp(entry.time), event.topic, workflows::subject_of(entry), event.payload});
  }
  void end() {
    if (session_.options.output != OutputFormat::jsonl) rows_.end();
  }

 private:
  const Session& session_;
  RowOutput rows_;
};

// Prints what is asked for, up to the newest entry that there is now.
Result<void> print_new(const Past& past, EventsSince& events, const std::vector<std::string>& topics,
                       EventPrinter& printer) {
  const auto print = [&](const BusEvent& event, const engine::Entry& entry, unsigned) {
    if (is_asked_for(topics, event.topic)) printer.print(event, entry, past.ledger->id());
  };
  while (true) {
    const auto more = events.take_page(*past.ledger, *past.vault, print);
    AUTOHEAL_TRY(more);
    if (!*more) return {};
  }
}

Result<engine::Position> first_place(const Past& past, const BusTailOptions& options) {
  if (!options.from) return past.ledger->head();
  AUTOHEAL_TRY(check_place_to_follow_from(past, "--from", *options.from));
  return engine::Position{*options.from};
}

// Prints what comes, until a signal: its exit code.
int follow_bus(const Session& session, Past past, EventsSince& events, const std::vector<std::string>& topics,
               EventPrinter& printer) {
  LedgerWatch watch(session.configuration.settings.ledger);
  while (true) {
    if (const auto printed = print_new(past, events, topics, printer); !printed) return session.fail(printed.error());
    if (std::fflush(stdout) != 0) return exit_internal;
    if (const int signal = watch.wait(longest_without_a_look)) return 128 + signal;
    if (!past.ledger->id().empty()) continue;
    auto again = open_past(session.configuration);  // there was no ledger yet
    if (!again) return session.fail(again.error());
    past = std::move(*again);
  }
}

int run_bus_tail(const Session& session, const BusTailOptions& options) {
  if (!options.once && session.options.output == OutputFormat::json) {
    return session.fail(Error{ErrorKind::invalid, "events have no end",
                              "use -o jsonl, csv or text, or --once to stop at the newest event"});
  }
  auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto place = first_place(*past, options);
  if (!place) return session.fail(place.error());
  EventsSince events(*place);
  EventPrinter printer(session);
  if (!options.once) return follow_bus(session, std::move(*past), events, options.topics, printer);
  if (const auto printed = print_new(*past, events, options.topics, printer); !printed)
    return session.fail(printed.error());
  printer.end();
  return exit_done;
}

}  // namespace

void add_bus_tail(CommandLine& line) {
  auto [command, options] =
      line.add("bus tail", "prints events as they come, until a signal", Needs::record, run_bus_tail);
  command.footer(bus_tail_example);
  command.option("--topic", options.topics, "TOPIC", "only this topic; selftest.autoheal.* means all that begin so");
  command.option("--from", options.from, "SEQ", "begin behind this entry of the ledger; 0: with the first event")
      .not_negative();
  command.flag("--once", options.once, "end with the newest event instead of waiting for more");
}

}  // namespace autoheal::cli
