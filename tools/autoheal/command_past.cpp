// heals, show, audit: what the ledger tells.
#include <algorithm>
#include <cctype>

#include "engine/large_data.hpp"
#include "engine/system_ports.hpp"
#include "replay/timeline.hpp"
#include "store/leaf.hpp"
#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/heal_list.hpp"
#include "tools/autoheal/heal_text.hpp"
#include "tools/autoheal/printable.hpp"
#include "tools/autoheal/table.hpp"
#include "tools/autoheal/time_argument.hpp"
#include "workflows/json_writer.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t page_entries = 5'000;

struct TimeRange {
  std::optional<Timestamp> since, until;
  [[nodiscard]] bool holds(Timestamp time) const { return (!since || time >= *since) && (!until || time < *until); }
};

Result<TimeRange> range_of(const Options& options) {
  TimeRange range;
  const Timestamp now = engine::SystemClock().now();
  const auto take = [&](const std::string& text, std::optional<Timestamp>& into) -> Result<void> {
    if (text.empty()) return {};
    into = parse_time_argument(text, now);
    if (!into)
      return failure(ErrorKind::invalid, "\"" + text + "\" is not a time",
                     "expected RFC 3339, a date such as 2026-11-23, or an age such as 24h");
    return {};
  };
  if (auto done = take(options.since, range.since); !done) return std::unexpected(std::move(done.error()));
  if (auto done = take(options.until, range.until); !done) return std::unexpected(std::move(done.error()));
  return range;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Result<void> check_state(const std::string& state) {
  for (const auto phase : {workflows::Phase::triggered, workflows::Phase::repairing, workflows::Phase::certifying,
                           workflows::Phase::retrying, workflows::Phase::complete, workflows::Phase::exhausted}) {
    if (state.empty() || same_word(state, name_of(phase))) return {};
  }
  return failure(ErrorKind::invalid, "\"" + state + "\" is not a state",
                 "expected Triggered, Repairing, Certifying, Retrying, Complete or Exhausted");
}

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

bool type_matches(const std::string& pattern, const std::string& type) {
  if (pattern.ends_with('*')) return type.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  return pattern.empty() || pattern == type;
}

// Streams of heals that pass --state and --strategy; only asked where one of them is given.
Result<std::vector<std::string>> streams_that_pass(const Past& past, const Options& options) {
  const auto heals = list_heals(*past.ledger, *past.vault);
  if (!heals) return std::unexpected(heals.error());
  std::vector<std::string> streams;
  for (const HealSummary& heal : *heals) {
    if (!options.state.empty() && !same_word(options.state, name_of(heal.phase))) continue;
    if (!options.strategy.empty() && options.strategy != heal.strategy) continue;
    streams.push_back(heal.heal);
  }
  return streams;
}

}  // namespace

int command_heals(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto range = range_of(session.options);
  if (!range) return session.fail(range.error());
  if (auto known = check_state(session.options.state); !known) return session.fail(known.error());
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto heals = list_heals(*past->ledger, *past->vault);
  if (!heals) return session.fail(heals.error());
  Table table{{"heal", "engine", "strategy", "state", "attempts", "reason", "actor", "began", "newest"}, {}};
  for (const HealSummary& heal : *heals) {
    if (!session.options.engine.empty() && heal.engine != session.options.engine) continue;
    if (!session.options.state.empty() && !same_word(session.options.state, name_of(heal.phase))) continue;
    if (!range->holds(heal.began)) continue;
    table.rows.push_back({heal.heal, heal.engine, heal.strategy, std::string(name_of(heal.phase)),
                          std::to_string(heal.attempts), heal.reason, heal.actor, format_timestamp_ms(heal.began),
                          format_timestamp_ms(heal.newest)});
  }
  if (table.rows.empty() && session.options.output == OutputFormat::text) {
    session.console.note("no heals");
    return exit_done;
  }
  print(session.console, table, session.options.output);
  return exit_done;
}

int command_show(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto heal = find_heal(*past->ledger, session.options.heal);
  if (!heal) return session.fail(heal.error());
  const auto timeline = replay::timeline_of(*heal, *past->ledger, *past->vault);
  if (!timeline) return session.fail(timeline.error());
  if (session.console.json()) {
    session.console.data(timeline_json(*timeline));
  } else {
    print_timeline(session.console, *timeline);
  }
  return exit_done;
}

int command_audit(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const Options& options = session.options;
  const auto range = range_of(options);
  if (!range) return session.fail(range.error());
  if (auto known = check_state(options.state); !known) return session.fail(known.error());
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  std::string heal;
  if (!options.heal.empty()) {
    const auto found = find_heal(*past->ledger, options.heal);
    if (!found) return session.fail(found.error());
    heal = *found;
  }
  std::optional<std::vector<std::string>> streams;
  if (!options.state.empty() || !options.strategy.empty()) {
    auto passing = streams_that_pass(*past, options);
    if (!passing) return session.fail(passing.error());
    streams = std::move(*passing);
  }
  Table table{{"seq", "time", "type", "heal", "engine", "actor", "data"}, {}};
  std::uint64_t left = options.limit.value_or(~std::uint64_t{0});
  engine::Position at{options.after.value_or(0)};
  while (left > 0) {
    const auto page = past->ledger->read_all(at, page_entries);
    if (!page) return session.fail(page.error());
    if (page->entries.empty()) break;
    at = page->next;
    for (const engine::Entry& entry : page->entries) {
      if ((!heal.empty() && entry.stream != heal) || (!options.engine.empty() && entry.subject != options.engine))
        continue;
      if ((!options.actor.empty() && entry.actor != options.actor) || !type_matches(options.type, entry.type)) continue;
      if (!range->holds(entry.time) || (streams && std::ranges::find(*streams, entry.stream) == streams->end()))
        continue;
      if (left == 0) break;
      --left;
      if (options.output == OutputFormat::jsonl) {
        session.console.data(store::leaf_line(past->ledger->id(), entry));
        continue;
      }
      table.rows.push_back({std::to_string(entry.position.value), format_timestamp(entry.time), entry.type,
                            entry.stream.size() == 36 ? entry.stream : "", entry.subject, entry.actor, entry.data});
    }
  }
  if (options.output == OutputFormat::jsonl) return exit_done;
  if (options.output == OutputFormat::text) {
    for (auto& row : table.rows) row.pop_back();  // too wide for a screen; -o jsonl has it
    table.columns.pop_back();
    if (table.rows.empty()) return exit_done;
  }
  print(session.console, table, options.output);
  return exit_done;
}

}  // namespace autoheal::cli
