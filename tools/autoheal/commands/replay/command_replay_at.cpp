// replay --at: how one heal, or all of them, stood at a moment of the past.

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/replay/decide/state_text.hpp"
#include "autoheal/replay/decide/stepping.hpp"
#include "autoheal/replay/record/heals_at.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

std::string words_of(const replay::Moment& moment) {
  return moment.entry ? fmt::format("entry {}", moment.entry->value) : format_timestamp(*moment.time);
}

void print_all(Console& console, const replay::HealsThen& then, const replay::Moment& moment, OutputFormat form) {
  Table table{{"heal", "engine", "state", "attempt", "since", "doing"}, {}};
  for (const replay::HealThen& heal : then.open) {
    const std::string doing =
        heal.unreadable.empty() ? replay::line_of(heal.state) : "cannot be read: " + heal.unreadable;
    table.rows.push_back({heal.heal, heal.state.request->engine, std::string(name_of(heal.state.phase())),
                          std::to_string(heal.state.attempt_number()), format_timestamp_ms(heal.since), doing});
  }
  if (form != OutputFormat::text || !table.rows.empty()) print(console, table, form);
  if (form == OutputFormat::text)
    console.data(fmt::format("at {}: {} open, {} Complete, {} Exhausted so far", words_of(moment), then.open.size(),
                             then.complete, then.exhausted));
}

void print_one(Console& console, const replay::Stepping& there, const std::string& heal) {
  const engine::Entry& entry = there.entry();
  if (console.json()) {
    JsonWriter out;
    out.begin_object().field("heal_id", heal).field("seq", entry.position.value).field("type", entry.type);
    out.field("time", format_timestamp(entry.time)).key("state");
    replay::write(out, there.state());
    return console.data(out.end_object().take());
  }
  console.data(fmt::format("{}  {}", console.paint(Tone::strong, printable(there.state().request->engine)),
                           console.paint(Tone::dim, heal)));
  console.data(fmt::format("after entry {} (number {} of this heal, {}): {}", entry.position.value, there.place() + 1,
                           format_timestamp(entry.time), printable(there.telling().sentence)));
  for (const auto& lines : {there.what_is(), there.timers()}) {
    for (const std::string& line : lines) console.data("  " + printable(line));
  }
}

}  // namespace

Result<replay::Moment> moment_of(const std::string& written) {
  replay::Moment moment;
  if (const auto number = parse_number<std::uint64_t>(written); number && written.size() < 19) {
    moment.entry = engine::Position{*number};
    return moment;
  }
  moment.time = parse_time_argument(written, engine::SystemClock().now());
  if (moment.time) return moment;
  return failure(ErrorKind::invalid, fmt::format("\"{}\" is neither an entry nor a time", written),
                 "expected a sequence number such as 42, RFC 3339, a date, or an age such as 24h");
}

Result<std::size_t> place_at(const replay::RecordedHeal& heal, const replay::Moment& moment) {
  std::size_t count = 0;
  while (count < heal.size() && !moment.is_before(heal.entry(count))) ++count;
  if (count > 0) return count - 1;
  return failure(
      ErrorKind::not_found, "it had not begun at " + words_of(moment),
      fmt::format("its first entry is {} of {}", heal.entry(0).position.value, format_timestamp(heal.entry(0).time)));
}

int replay_all_at(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto moment = moment_of(options.at);
  if (!moment) return session.fail(moment.error());
  const auto then =
      replay::heals_at(*past.ledger, *past.vault, *moment, [&](engine::Position done, engine::Position head) {
        session.console.progress(progress_bar("read", done.value, head.value, "entries"), done.value, head.value);
      });
  session.console.end_progress();
  if (!then) return session.fail(then.error());
  print_all(session.console, *then, *moment, session.options.output);
  return exit_done;
}

int replay_one_at(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto moment = moment_of(options.at);
  if (!moment) return session.fail(moment.error());
  const auto heal = replayable_heal(past, options.heal);
  if (!heal) return session.fail(heal.error());
  const auto place = place_at(*heal->recorded, *moment);
  if (!place) return session.fail(place.error());
  replay::Stepping there(*heal->recorded, *heal->world);
  if (auto gone = there.go_to(*place); !gone) return session.fail(gone.error());
  print_one(session.console, there, heal->id);
  return exit_done;
}

}  // namespace autoheal::cli
