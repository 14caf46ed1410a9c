// heals, show: what the ledger tells of heals.
#include <cstdio>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/commands/parts/past_filters.hpp"
#include "tools/autoheal/commands/parts/show_files.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/row_output.hpp"

namespace autoheal::cli {

namespace {

constexpr std::uint64_t heals_on_a_screen = 50;  // where no --limit says how many

std::string tone_of(const Console& console, workflows::Phase phase) {
  const Tone tone = phase == workflows::Phase::complete    ? Tone::good
                    : phase == workflows::Phase::exhausted ? Tone::bad
                                                           : Tone::warning;
  return console.paint(tone, name_of(phase));
}

void print_timeline(Console& console, const replay::Timeline& timeline) {
  const auto& state = timeline.state;
  console.data(console.paint(Tone::strong, printable(state.engine)) + "  " + tone_of(console, state.phase) + "  " +
               console.paint(Tone::dim, timeline.heal));
  console.data("began " + format_timestamp(state.began) + ", " + std::to_string(state.attempt) +
               (state.attempt == 1 ? " attempt, " : " attempts, ") +
               seconds_text(timeline.lines.empty() ? Duration{0} : timeline.lines.back().since_began));
  console.data("");
  for (std::size_t index = 0; index < timeline.lines.size(); ++index) {
    const auto& line = timeline.lines[index];
    const bool last = index + 1 == timeline.lines.size();
    char when[24];
    std::snprintf(when, sizeof when, "%+9.3f s", static_cast<double>(line.since_began.count()) / 1e6);
    console.data(console.paint(Tone::dim, when) + (last ? "  ● " : "  ○ ") + printable(line.sentence));
    for (const std::string& detail : line.details) {
      console.data("           " + console.paint(Tone::dim, last ? "      " : "  │   ") +
                   console.paint(Tone::dim, printable(detail)));
    }
  }
}

std::string timeline_json(const replay::Timeline& timeline) {
  workflows::JsonWriter out;
  out.begin_object()
      .field("heal_id", timeline.heal)
      .field("engine", timeline.state.engine)
      .field("state", name_of(timeline.state.phase));
  out.field("attempts", timeline.state.attempt).key("entries").begin_array();
  for (const auto& line : timeline.lines) {
    out.begin_object()
        .field("seq", line.entry.position.value)
        .field("time", format_timestamp(line.entry.time))
        .field("type", line.entry.type);
    out.field("state", name_of(line.phase)).field("text", line.sentence).key("details").begin_array();
    for (const std::string& detail : line.details) out.value(detail);
    out.end_array().end_object();
  }
  return out.end_array().end_object().take();
}

Result<store::HealFilter> filter_of(const Options& options) {
  const auto range = time_range_of(options);
  AUTOHEAL_TRY(range);
  auto state = state_named(options.state);
  AUTOHEAL_TRY(state);
  store::HealFilter filter;
  filter.engine = options.engine;
  filter.state = std::move(*state);
  filter.since = range->since;
  filter.until = range->until;
  filter.newest = options.limit;
  if (!filter.newest && options.output == OutputFormat::text) filter.newest = heals_on_a_screen;
  return filter;
}

void tell_what_is_left_out(const Session& session, std::size_t rows, std::uint64_t newest) {
  if (rows == 0) session.console.note("no heals");
  if (rows == newest) session.console.note("the newest " + std::to_string(newest) + "; --limit N shows more");
}

std::string shown(const std::string& time) {
  const auto parsed = parse_timestamp(time);
  return parsed ? format_timestamp_ms(*parsed) : time;
}

}  // namespace

int command_heals(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto filter = filter_of(session.options);
  if (!filter) return session.fail(filter.error());
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  RowOutput rows(session.console,
                 {{"heal", 36},
                  {"engine", 10},
                  {"strategy", 8},
                  {"state", 9},
                  {"attempts", 8},
                  {"reason", 6},
                  {"actor", 8},
                  {"began", 24},
                  {"newest", 24}},
                 session.options.output);
  const auto listed = list_heals(*past, *filter, [&](const store::AuditedHeal& heal) {
    rows.row({heal.heal, heal.engine, heal.strategy, heal.state, std::to_string(heal.attempts), heal.reason, heal.actor,
              shown(heal.started), newest_time_of(*past, heal)});
    return true;
  });
  if (!listed) return session.fail(listed.error());
  rows.end();
  if (session.options.output == OutputFormat::text) tell_what_is_left_out(session, rows.rows(), *filter->newest);
  return exit_done;
}

int command_show(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto heal = find_heal(*past->ledger, session.options.heal);
  if (!heal) return session.fail(heal.error());
  if (!session.options.evidence.empty() || !session.options.report.empty()) return show_in_files(session, *past, *heal);
  const auto timeline = replay::timeline_of(*heal, *past->ledger, *past->vault);
  if (!timeline) return session.fail(timeline.error());
  if (session.console.json()) {
    session.console.data(timeline_json(*timeline));
  } else {
    print_timeline(session.console, *timeline);
  }
  return exit_done;
}

}  // namespace autoheal::cli
