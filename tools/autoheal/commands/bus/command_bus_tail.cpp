// bus tail: events of the Genesis bus as they come.
#include <algorithm>
#include <cstdio>
#include <functional>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/supervision/cloud_event.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/ledger_watch.hpp"
#include "tools/autoheal/commands/parts/place_in_ledger.hpp"
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

constexpr std::size_t entries_of_one_read = 1'000;

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

// The events behind a place in the ledger, in its order.
class EventsSince {
 public:
  EventsSince(std::vector<std::string> topics, engine::Position place) : topics_(std::move(topics)), place_(place) {}

  using Print = std::function<void(const BusEvent& event, const engine::Entry& entry, const std::string& ledger)>;
  // Up to the newest entry that there is now.
  [[nodiscard]] Result<void> print_new(const Past& past, const Print& print) {
    while (true) {
      const auto page = past.ledger->read_all(place_, entries_of_one_read);
      AUTOHEAL_TRY(page);
      for (const engine::Entry& entry : page->entries) {
        std::string from_blob;
        const auto data = engine::lengthen(*past.vault, std::string_view(entry.data), from_blob);
        const std::string_view text = data ? *data : std::string_view(entry.data);
        for (const BusEvent& event : workflows::events_of(entry, text, *past.ledger, phases_)) {
          if (is_asked(event)) print(event, entry, past.ledger->id());
        }
      }
      if (page->entries.empty()) return {};
      place_ = page->entries.back().position;
    }
  }

 private:
  [[nodiscard]] bool is_asked(const BusEvent& event) const {
    return topics_.empty() ||
           std::ranges::any_of(topics_, [&](const auto& one) { return workflows::topic_matches(one, event.topic); });
  }

  std::vector<std::string> topics_;
  engine::Position place_;
  workflows::PhaseMemory phases_;
};

Result<engine::Position> first_place(const Past& past, const BusTailOptions& options) {
  if (!options.from) return past.ledger->head();
  AUTOHEAL_TRY(check_place_to_follow_from(past, "--from", *options.from));
  return engine::Position{*options.from};
}

// Prints what comes, until a signal: its exit code.
int follow_bus(const Session& session, Past past, EventsSince& events, const EventsSince::Print& print) {
  LedgerWatch watch(session.configuration.settings.ledger);
  while (true) {
    if (const auto printed = events.print_new(past, print); !printed) return session.fail(printed.error());
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
  EventsSince events(options.topics, *place);
  EventPrinter printer(session);
  const auto print = [&](const BusEvent& event, const engine::Entry& entry, const std::string& ledger) {
    printer.print(event, entry, ledger);
  };
  if (!options.once) return follow_bus(session, std::move(*past), events, print);
  if (const auto printed = events.print_new(*past, print); !printed) return session.fail(printed.error());
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
